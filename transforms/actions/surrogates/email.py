"""Made-up e-mail addresses of domains that belong to nobody."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.terms import Kind

EMAIL = Substitute("email", Kind.EMAIL, lambda faker: faker.safe_email())
