"""What a node must meet, and which of its classes are suppressed to get there."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.risk.distribution import Distribution, Shares
from beam_deid.transforms.risk.histogram import Counts

_NEAR = 1e-12

ClassFigure = Callable[[Distribution], Counts | Shares]
"""The figure of each class of a distribution, shape (classes,)."""


@dataclass(frozen=True)
class Criterion:
    """A condition on a sensitive field that each class must meet.

    All that are known hold for two classes together if they hold for each of them.

    Attributes:
        name: What it is called where it is told, as ``l:category``.
        field: The field.
        figure: The figure of each class, shape (classes,).
        limit: What it is compared with.
        at_least: Whether the figure must be at least the limit, not at most.
        below: Whether it must even be below the limit.
        inherited: Whether every part of a class that misses it misses it, too.
        relative: Whether it compares a class with all that is released, so that what is suppressed changes it.
        written: Whether values that differ in spelling only are different.
    """

    name: str
    field: str
    figure: ClassFigure
    limit: float
    at_least: bool = False
    below: bool = False
    inherited: bool = False
    relative: bool = False
    written: bool = False

    @property
    def values(self) -> str:
        """What the column of values that it looks at is called."""
        return f"{self.field} as written" if self.written else self.field

    def fails(self, found: Distribution) -> Bools:
        """Which classes miss it, shape (classes,); rounding is forgiven."""
        figure = self.figure(found)
        near = _NEAR * max(self.limit, 1.0)
        if self.at_least:
            return np.asarray(figure < self.limit - near)
        return np.asarray(figure >= self.limit - near if self.below else figure > self.limit + near)

    def worst(self, found: Distribution) -> float:
        """The figure of the class that is farthest from meeting it."""
        figure = self.figure(found)
        return float(figure.min() if self.at_least else figure.max())


@dataclass(frozen=True)
class Requirements:
    """What a node must meet.

    Attributes:
        k: Least number of people in a class.
        suppression: Greatest share of records that may be suppressed.
        average_risk: Greatest average risk over the people released: classes by people. None for no limit.
        mean_risk: Greatest mean over classes of 1/people, which is R_c of the sharing model. None for no limit.
        highest_risk: Greatest 1/people of a class, which is R_b of the sharing model. None for no limit.
        without: Names of criteria that are left out.
    """

    k: int
    suppression: float
    average_risk: float | None = None
    mean_risk: float | None = None
    highest_risk: float | None = None
    without: frozenset[str] = frozenset()

    @property
    def smallest(self) -> int:
        """Least number of people in a class, for k and the highest risk."""
        return max(self.k, math.ceil(1 / self.highest_risk - 1e-9) if self.highest_risk else 0)

    def allowed(self, records: int) -> float:
        """How many of ``records`` may be suppressed; compare with ``<=``."""
        return self.suppression * records + 1e-9

    def suppressed(self, people: Counts, failing: Bools) -> Bools:
        """Which classes are suppressed: those that fail by themselves, and the smallest ones until the risks are met.

        Classes of one size go together, so that what is suppressed does not depend on their order.

        Args:
            people: People in each class, shape (classes,).
            failing: Which of them miss a criterion, shape (classes,).
        """
        gone = failing | (people < self.smallest)
        least = max(self._least(people[~gone], share) for share in (self._averages, self._means))
        return gone | (people < least)

    def _least(self, sizes: Counts, risks: Callable[[Counts, Counts], Sequence[bool] | Bools | None]) -> int:
        distinct, counts = np.unique(sizes, return_counts=True)
        met = risks(distinct, counts)
        if met is None or not len(distinct):
            return 0
        first = np.flatnonzero(met)
        return int(distinct[first[0]]) if len(first) else int(distinct[-1]) + 1

    def _averages(self, sizes: Counts, counts: Counts) -> Bools | None:
        """Of each size whether the average risk is met by the classes of this size and above."""
        if self.average_risk is None:
            return None
        return np.asarray(_above(counts) / _above(counts * sizes) <= self.average_risk + _NEAR)

    def _means(self, sizes: Counts, counts: Counts) -> Bools | None:
        """For each size whether the mean risk is met by the classes of this size and above."""
        if self.mean_risk is None:
            return None
        return np.asarray(_above(counts / sizes) / _above(counts) <= self.mean_risk + _NEAR)


def _above(values: Counts | Shares) -> Any:
    """The sum of each value and all after it."""
    return np.cumsum(values[::-1])[::-1]
