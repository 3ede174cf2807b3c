"""The contract of a disclosure measure: equivalence classes in, named figures out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes, Counts


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


@dataclass(frozen=True)
class View:
    """What a measure sees: the released rows of a histogram.

    Attributes:
        classes: Equivalence classes over the quasi-identifiers.
        counts: Records per row, shape (n,).
        subject: Subject of each row, shape (n,), or None.
        sensitive: Value keys of each sensitive field, shape (n,).
        setting: Limits and setting.
        scales: How far the values of a sensitive field are apart, where not all are equally far.
    """

    classes: Classes
    counts: Counts
    subject: Keys | None
    setting: Setting
    sensitive: Mapping[str, Keys] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.sensitive and not self.classes.sorts:
            _ = self.classes.numbers  # asked for later; sizes follow from them, so they need not be counted twice

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """The distribution of each sensitive field over the classes, counted once for all measures."""
        return {name: Distribution.of(self.classes, self.counts, keys) for name, keys in self.sensitive.items()}


class Measure(ABC):
    """One measure. Stateless; it must not change what it is given."""

    name: ClassVar[str]

    @abstractmethod
    def figures(self, view: View) -> dict[str, Any]:
        """The figures, under the names that ``label.json`` uses. Called with at least one class."""
