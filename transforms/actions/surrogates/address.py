"""Made-up addresses."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.terms import Kind

ADDRESS = Substitute("address", Kind.ADDRESS, lambda faker: faker.address())
