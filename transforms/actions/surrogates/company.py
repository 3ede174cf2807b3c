"""Made-up names of firms."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

COMPANY = Substitute("company", None, lambda faker: faker.company())
