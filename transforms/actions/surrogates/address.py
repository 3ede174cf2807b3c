"""Made-up addresses."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

ADDRESS = Substitute("address", lambda faker: faker.address())
