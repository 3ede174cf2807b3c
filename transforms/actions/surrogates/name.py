"""Made-up names of persons."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute
from beam_deid.transforms.terms import Kind

NAME = Substitute("name", Kind.PERSON_NAME, lambda faker: faker.name())
