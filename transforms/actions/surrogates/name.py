"""Made-up names of persons."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

NAME = Substitute("name", lambda faker: faker.name())
