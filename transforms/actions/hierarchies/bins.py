"""A hierarchy over numbers by cut points: ``bins: [50, 100, 200]``."""

import itertools
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchies.numbers import NUMBERS, Number, numbers, spelt
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.terms import Reason

Cuts = Sequence[float]


class BinsOptions(HierarchyOptions):
    """The options of a hierarchy of bins."""

    bins: tuple[Number, ...] | None = Field(None, description="Cut points, ascending: [50, 100, 200, 500]")

    @property
    def cuts(self) -> list[Cuts]:
        """The cut points of each level, finest first."""
        return [self.bins or (), *self.coarser]


class BinsHierarchy(Hierarchy[BinsOptions]):
    """Intervals between cut points, each with its lower bound and without its upper: <50, 50-100, >=100.

    The base is the number of the finest interval, int32. A label is written [−10,5) where a bound is negative. A
    value that is no finite number is a fault.

    Args:
        levels: The cut points of each level but the last, ascending; each a part of those of the level before.
    """

    option: ClassVar[str] = "bins"
    options: ClassVar[type[HierarchyOptions]] = BinsOptions
    wants: ClassVar[Kind] = NUMBER
    fitting: ClassVar[tuple[Kind, ...] | None] = NUMBERS
    lists_levels: ClassVar[bool] = True

    def __init__(self, levels: Sequence[Cuts]) -> None:
        self._cuts = [list(cuts) for cuts in levels]

    @classmethod
    def of(cls, options: BinsOptions) -> "BinsHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.cuts)

    @classmethod
    def problem(cls, options: BinsOptions) -> str | None:
        """See `Hierarchy.problem`."""
        levels = options.cuts
        if any(not cuts for cuts in levels):
            return "bins needs at least one cut point at each level"
        if any(low >= high for cuts in levels for low, high in itertools.pairwise(cuts)):
            return "cut points must ascend, each once"
        for finer, coarser in itertools.pairwise(levels):
            if not set(coarser) < set(finer):
                return "each level's cut points must be some of those of the level before, and fewer"
        return None

    @property
    def levels(self) -> tuple[str, ...]:
        """``N bins`` by how many there are, then ``*``."""
        return (*(f"{len(cuts) + 1} bins" for cuts in self._cuts), ALL)

    @property
    def domain(self) -> pa.Array:
        """All intervals of the finest level."""
        return pa.array(np.arange(len(self._cuts[0]) + 1, dtype=np.int32))

    def base(self, column: pa.Array) -> Treated:
        """The number of each value's finest interval."""
        values, valid, faults = numbers(column)
        numbered = np.searchsorted(np.array(self._cuts[0], dtype=np.float64), values, side="right")
        bins = pa.array(numbered.astype(np.int32), mask=~valid)
        return Treated(bins, pa.array(faults), Reason.WRONG_TYPE) if faults.any() else Treated(bins)

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The label of the interval of ``level`` that holds each finest interval."""
        finest = self._cuts[0]
        if level == len(self._cuts):
            labels = [ALL] * (len(finest) + 1)
        else:
            cuts = self._cuts[level]
            own = np.searchsorted(cuts, [-np.inf, *finest], side="right")
            labels = [_label(cuts, number) for number in own.tolist()]
        return pa.array(labels, pa.string()).take(pc.cast(values, pa.int32()))


def _label(cuts: Cuts, number: int) -> str:
    if number == 0:
        return f"<{spelt(cuts[0])}"
    if number == len(cuts):
        return f">={spelt(cuts[-1])}"
    low = spelt(cuts[number - 1])
    high = spelt(cuts[number])
    return f"[{low},{high})" if cuts[number - 1] < 0 else f"{low}-{high}"
