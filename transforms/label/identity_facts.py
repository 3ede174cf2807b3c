"""By which identities of the source persons were counted, and what was found of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SharedValues:
    """Values of an identity that stand for so many subjects that they name nobody, such as a shop's telephone.

    Attributes:
        values: How many such values there are.
        cells: How many distinct combinations of values they stand in.
    """

    values: int
    cells: int


@dataclass(frozen=True)
class IdentityFacts:
    """By what persons were counted.

    Attributes:
        counted: Fields of the source that count persons, each in a way of its own, the subject first.
        deciding: The one that shows the fewest persons in a group; None where nobody was counted.
        same_as: Fields that count as another one does, and which.
        shared_values: Of each field the values that name nobody; fields without any are left out.
        without_subject: Records that do not say whom they are about; None where nobody says whom any record is about.
        equal_files: Input files that are equal to another one, and count once.
    """

    counted: tuple[str, ...]
    deciding: str | None
    same_as: Mapping[str, str] = field(default_factory=dict)
    shared_values: Mapping[str, SharedValues] = field(default_factory=dict)
    without_subject: int | None = None
    equal_files: int = 0
