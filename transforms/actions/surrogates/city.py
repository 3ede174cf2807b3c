"""Made-up names of cities."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

CITY = Substitute("city", lambda faker: faker.city())
