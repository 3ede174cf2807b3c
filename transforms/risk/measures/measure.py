"""The contract of a disclosure measure: equivalence classes in, named figures out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Annotated, Any, ClassVar

from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.sizes import Sizes


@dataclass(frozen=True)
class Setting:
    """What a release's figures are measured against.

    Attributes:
        threshold: Greatest risk θ of one class: 1/k.
        public: Whether the release is fully public, where the highest risk counts, not the average.
        environment: The environment risk E, from 0 to 1.
        linkable: Whether records of one subject can be linked in the release.
        population: Size of the population that the release is a sample of, or None where it is not known.
    """

    threshold: float
    public: bool = False
    environment: float = 1.0
    linkable: bool = False
    population: int | None = None


Distributions = Mapping[str, Sequence[Distribution]]
"""Of each sensitive field its distribution, counted by each identity that says who a record is about."""


@dataclass(frozen=True)
class Subjects:
    """Whom a release is about, and in classes of which sizes they are.

    Attributes:
        records: Records.
        distinct: Distinct subjects; records where nobody says whom they are about.
        unique: Subjects who are alone in some class.
        k_composite: Fewest subjects who share one multiset of classes; None where no subject is declared.
        sizes: Classes by their subjects.
        of_records: Records by the subjects of their class: counted as if each were a class.
    """

    records: int
    distinct: int
    unique: int
    k_composite: int | None
    sizes: Sizes
    of_records: Sizes


@dataclass(frozen=True)
class View:
    """What a measure sees: the released rows of a histogram.

    Attributes:
        subjects: Whom they are about.
        setting: Limits and setting.
        distributions: The distribution of each sensitive field over the classes, by each counting of persons; values that
            differ in spelling only are one, where persons are counted.
        as_written: The distributions where values that differ in spelling only are different.
        scales: How far the values of a sensitive field are apart, where not all are equally far.
    """

    subjects: Subjects
    setting: Setting
    distributions: Distributions
    as_written: Distributions
    scales: Mapping[str, Scale] = field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        """Classes by their subjects."""
        return self.subjects.sizes


class Shape(Enum):
    """What a figure looks like in ``label.json``; its schema lists figures in the order of their shapes."""

    COUNT = "a whole number from 0 on"
    COUNT_OR_NULL = "the same, or null"
    SHARE = "a number from 0 to 1"
    SHARES = "an object of these, by sensitive field or by name"
    COUNTS = "an object of whole numbers from 0 on, by sensitive field"
    COUNT_PAIRS = "an object of pairs of whole numbers, either of which may be null, by sensitive field"
    NUMBER_PAIRS = "an object of pairs of numbers, by sensitive field"
    NUMBERS = "an object of numbers from 0 on, by sensitive field"
    SIZES = "a list of objects of whole numbers, some of which may be null, each about the groups of some sizes"
    ESTIMATES = "an object of numbers that may be null, by the names of a dataclass's attributes"


Count = Annotated[int, Shape.COUNT]
CountOrNone = Annotated[int | None, Shape.COUNT_OR_NULL]
Share = Annotated[float, Shape.SHARE]
Shares = Annotated[Mapping[str, float], Shape.SHARES]
Counts = Annotated[Mapping[str, int], Shape.COUNTS]
CountPairs = Annotated[Mapping[str, tuple[int | None, int]], Shape.COUNT_PAIRS]
NumberPairs = Annotated[Mapping[str, tuple[float, int]], Shape.NUMBER_PAIRS]
NumbersByField = Annotated[Mapping[str, float], Shape.NUMBERS]


@dataclass(frozen=True)
class Figures:
    """The figures of one measure. Its attributes are called what ``label.json`` calls the figures.

    Each attribute's type says its `Shape` as well, from which the label's schema is made: `Count`, `Share` and the like, or
    ``Annotated[Type, Shape…]`` for a dataclass.
    """

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Figures":
        """Read the figures from ``risk`` of a label, which holds those of other measures as well.

        Raises:
            KeyError, TypeError: One is missing, or has another shape.
        """
        return cls(**{one.name: document[one.name] for one in fields(cls)})

    def to_document(self) -> dict[str, Any]:
        """The figures by name, in the order in which ``label.json`` holds them."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


class Measure(ABC):
    """One measure. Stateless; it must not change what it is given.

    Attributes:
        name: Its name.
        kind: What its figures are.
        meanings: What each of its figures means; one that is made of several may say it of each, as ``sharing.R``.
    """

    name: ClassVar[str]
    kind: ClassVar[type[Figures]]
    meanings: ClassVar[Mapping[str, Meaning]]

    @abstractmethod
    def figures(self, view: View) -> Figures | None:
        """Measure; None where there is nothing to be told. Called with at least one class."""

    def merged(self, parts: Sequence[Any], whole: View) -> Figures | None:
        """The figures of a release from those of its parts, which have no class in common.

        Args:
            parts: What `figures` told of each part.
            whole: The release without its distributions: all that a measure needs which looks at sizes alone. A measure
                of distributions merges the parts instead.
        """
        return self.figures(whole)


def by_field(parts: Sequence[Figures], name: str) -> dict[str, list[Any]]:
    """What parts of a release tell of each sensitive field under one name; parts without anybody of whom it tells leave it out."""
    told: dict[str, list[Any]] = {}
    for part in parts:
        for field_, figure in getattr(part, name).items():
            told.setdefault(field_, []).append(figure)
    return told
