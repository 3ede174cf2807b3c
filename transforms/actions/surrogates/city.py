"""Made-up names of cities."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.terms import Kind

CITY = Substitute("city", Kind.DIVISION, lambda faker: faker.city())
