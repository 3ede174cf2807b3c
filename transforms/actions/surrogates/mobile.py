"""Made-up telephone numbers."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.terms import Kind

MOBILE = Substitute("mobile", Kind.MOBILE, lambda faker: faker.phone_number())
