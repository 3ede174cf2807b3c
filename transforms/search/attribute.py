"""A field of the search: its base values, and the groups that each level makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.key_codes import narrow
from beam_deid.transforms.risk.histogram import Counts

Codes = npt.NDArray[np.integer]
"""Numbers from 0, in a type that is no larger than they need."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Attribute:
    """A field and the levels that are open to it.

    Attributes:
        name: Its name.
        base: Number of the base value of each row, shape (n,).
        groups: Of each level the number of each base value's group, counted from 0, shape (v,).
        costs: Of each level Iyengar's loss of each base value, from 0 to 1, shape (v,).
        heights: Of each level how far up the hierarchy it is, from 0 for the values themselves to 1 for the top.
        weight: What losing it costs, beside the other fields.
        separates: Whether its values tell classes apart; those of a field that is sensitive only do not.
    """

    name: str
    base: Codes
    groups: tuple[Counts, ...]
    costs: tuple[Floats, ...]
    heights: tuple[float, ...]
    weight: float = 1.0
    separates: bool = True

    @classmethod
    def fixed(cls, name: str, numbers: Counts) -> "Attribute":
        """A field, or several as one, whose only level is its values: ``numbers`` (n,) from 0. It loses nothing."""
        many = int(numbers.max(initial=-1)) + 1
        return cls(name, narrow(numbers, many), (np.arange(many),), (np.zeros(many),), (0.0,), 0.0)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Of each level how many groups there are, as far as they tell classes apart."""
        return tuple(int(groups.max(initial=0)) + 1 if self.separates else 1 for groups in self.groups)

    @cached_property
    def refines(self) -> Bools:
        """Whether groups of one level (rows) lie each in one of another's (columns) and cost no more, shape (levels, levels).

        Weeks do not lie in months: where levels do not nest, nothing follows for one from the other.
        """
        levels = range(len(self.groups))
        return np.array([[self._refines(one, other) for other in levels] for one in levels])

    def _refines(self, one: int, other: int) -> bool:
        first = np.zeros(int(self.groups[one].max(initial=0)) + 1, np.int64)
        first[self.groups[one]] = self.groups[other]  # that of any value of the group: the last that is written
        within = bool((first[self.groups[one]] == self.groups[other]).all())
        return (
            within and self.heights[one] <= self.heights[other] and bool((self.costs[one] <= self.costs[other]).all())
        )

    @cached_property
    def nested(self) -> bool:
        """Whether each level refines those after it, and no other: finer then means a lower number."""
        return bool(np.array_equal(self.refines, np.triu(np.ones_like(self.refines))))

    def at(self, rows: npt.NDArray[np.int64] | slice) -> "Attribute":
        """Restrict the field to some of the rows."""
        return self.over(self.base[rows])

    def over(self, base: Codes) -> "Attribute":
        """The same field of other rows, whose base values have these numbers, shape (m,)."""
        return replace(self, base=base)


def weighted(attributes: Sequence[Attribute], total: float) -> tuple[Attribute, ...]:
    """The attributes with their weights brought to a sum of ``total``; all 0 if they are."""
    weights = sum(attribute.weight for attribute in attributes)
    scale = total / weights if weights else 0.0
    return tuple(replace(attribute, weight=attribute.weight * scale) for attribute in attributes)
