"""Made-up e-mail addresses of domains that belong to nobody."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

EMAIL = Substitute("email", lambda faker: faker.safe_email())
