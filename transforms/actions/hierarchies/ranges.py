"""A hierarchy over numbers by widths: ``ranges: [5, 10, 20]``."""

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchies.numbers import NUMBERS, Number, numbers, spelt
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.terms import Reason

# Beyond this numbers are not exact in float64.
_MOST = 2**53
_NEAR = 1e-9
_ROUNDED = 4e-15


class RangesOptions(HierarchyOptions):
    """The options of a hierarchy of ranges."""

    ranges: tuple[Number, ...] | None = Field(None, description="Widths of ranges, each dividing the next: [5, 10, 20]")
    start: Number | None = Field(None, description="Where a range begins; 0 if not given. Only with ranges")


class RangesHierarchy(Hierarchy[RangesOptions]):
    """Ranges of equal width, each width a multiple of the one before.

    A range holds its lower bound and not its upper. Labels are 20-24 for columns of integers with integer widths,
    else, and below 0, [20,25). The base is the number of the finest range, counted from ``start``: int64 where labels are those of
    integers, float64 else. A value that is no finite number, or beyond 2⁵³, is a fault.

    Args:
        widths: The widths, ascending; each divides the next.
        start: Where a range begins.
    """

    option: ClassVar[str] = "ranges"
    options: ClassVar[type[HierarchyOptions]] = RangesOptions
    wants: ClassVar[Kind] = NUMBER
    fitting: ClassVar[tuple[Kind, ...] | None] = NUMBERS

    def __init__(self, widths: Sequence[float], start: float = 0) -> None:
        self._widths = [Decimal(repr(width)) for width in widths]
        self._start = Decimal(repr(start))
        self._whole = all(number == number.to_integral_value() for number in (*self._widths, self._start))

    @classmethod
    def of(cls, options: RangesOptions) -> "RangesHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.ranges or (), options.start or 0)

    @classmethod
    def problem(cls, options: RangesOptions) -> str | None:
        """See `Hierarchy.problem`."""
        widths = options.ranges
        if not widths:
            return "ranges needs at least one width"
        if any(width <= 0 for width in widths):
            return "a width must be greater than 0"
        exact = [Decimal(repr(width)) for width in widths]
        for narrow, wide in itertools.pairwise(exact):
            # Decimal divides no further than its precision; such widths are no multiples that anybody means.
            if wide <= narrow or wide / narrow > _MOST or wide % narrow:
                return f"{spelt(narrow)} does not divide {spelt(wide)}; each width must be a multiple of the one before"
        return None

    @property
    def levels(self) -> tuple[str, ...]:
        """``by 5``, ``by 10``, … and ``*``."""
        return (*(f"by {spelt(width)}" for width in self._widths), ALL)

    def base(self, column: pa.Array) -> Treated:
        """The number of each value's finest range."""
        column = plain(column)
        if self._whole and pa.types.is_integer(column.type):
            return self._integers(column)
        values, valid, faults = numbers(column)
        place = (values - float(self._start)) / float(self._widths[0])
        near = np.rint(place)
        # 0.3 / 0.1 is 2.999…: a bound belongs to the range above it.
        found = np.where(np.abs(place - near) <= _NEAR + _ROUNDED * np.abs(near), near, np.floor(place))
        far = valid & ~((np.abs(found) < _MOST) & (np.abs(values) < _MOST))
        ranges = pa.array(found, mask=~valid | far)
        faults |= far
        return Treated(ranges, pa.array(faults), Reason.WRONG_TYPE) if faults.any() else Treated(ranges)

    def _integers(self, column: pa.Array) -> Treated:
        # Far from the ends of int64, so that no difference runs over.
        if column.type == pa.uint64():
            column = pc.min_element_wise(column, pa.scalar(_MOST, pa.uint64()), skip_nulls=False)
        integers = column.cast(pa.int64())
        near = pc.fill_null(pc.and_(pc.greater(integers, -_MOST), pc.less(integers, _MOST)), False)
        integers = pc.if_else(near, integers, None)
        values = integers.fill_null(0).to_numpy(zero_copy_only=False)
        found = (values - int(self._start)) // int(self._widths[0])
        faults = pc.and_(pc.is_valid(column), pc.invert(near))
        ranges = pc.if_else(near, pa.array(found), None)
        return Treated(ranges, faults, Reason.WRONG_TYPE) if pc.any(faults).as_py() else Treated(ranges)

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The label of the range of ``level`` that holds each finest range."""
        integers = pa.types.is_integer(values.type)
        labels = [
            None if number is None else self._label(int(number), level, integers) for number in values.to_pylist()
        ]
        return pa.array(labels, pa.string())

    def _label(self, number: int, level: int, integers: bool) -> str:
        if level == len(self._widths):
            return ALL
        width = self._widths[level]
        low = self._start + (number // int(width / self._widths[0])) * width
        if not integers or low < 0:
            return f"[{spelt(low)},{spelt(low + width)})"
        return spelt(low) if width == 1 else f"{spelt(low)}-{spelt(low + width - 1)}"
