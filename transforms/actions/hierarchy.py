"""The contract of a hierarchy: the levels to which a field can be generalized."""

from abc import ABC, abstractmethod

import pyarrow as pa

from beam_deid.transforms.actions.action import Treated

ALL = "*"
"""What the top level of every hierarchy says: any value at all."""


class Hierarchy(ABC):
    """Levels of generalization, finest first; the last is always `ALL`.

    A column is first brought to its *base*: the coarsest form from which every level can be computed
    (a leaf of the hierarchy, a day, the finest interval). Histograms carry base values; levels are then
    computed on the few distinct ones.
    """

    @property
    @abstractmethod
    def levels(self) -> tuple[str, ...]:
        """Names of the levels, finest first, `ALL` last. At least two."""

    @abstractmethod
    def base(self, column: pa.Array) -> Treated:
        """Bring a column to its base, with a kernel over the whole column. Null stays null."""

    @abstractmethod
    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The released text of base ``values`` at ``level``: a string array, null where the value is null.

        ``at`` is called with distinct values, so a loop over them is allowed.
        """

    @property
    def domain(self) -> pa.Array | None:
        """All base values there can be, where that is known: it makes the loss independent of the data."""
        return None

    def index(self, level: str | int) -> int | None:
        """The number of a level given by name or number; None if there is no such level."""
        if isinstance(level, int):
            return level if 0 <= level < len(self.levels) else None
        return self.levels.index(level) if level in self.levels else None
