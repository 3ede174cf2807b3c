"""Made-up telephone numbers."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

MOBILE = Substitute("mobile", lambda faker: faker.phone_number())
