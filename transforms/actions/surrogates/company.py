"""Made-up names of firms."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

COMPANY = Substitute("company", lambda faker: faker.company())
