"""A hierarchy over text by its first characters: ``prefix: [6, 4, 2]``."""

import itertools
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_value
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT


class PrefixOptions(HierarchyOptions):
    """The options of a hierarchy of prefixes."""

    prefix: tuple[int, ...] | None = Field(None, description="Numbers of first characters kept: [6, 4, 2]")


class PrefixHierarchy(Hierarchy[PrefixOptions]):
    """The first characters of a text, counted in Unicode code points; for codes whose front says more than their end.

    A shorter text stays as it is. The base is the longest prefix.

    Args:
        lengths: How many characters each level keeps, descending.
    """

    option: ClassVar[str] = "prefix"
    options: ClassVar[type[HierarchyOptions]] = PrefixOptions
    wants: ClassVar[Kind] = TEXT
    by_kernel: ClassVar[bool] = True

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = tuple(lengths)

    @classmethod
    def of(cls, options: PrefixOptions) -> "PrefixHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.prefix or ())

    @classmethod
    def problem(cls, options: PrefixOptions) -> str | None:
        """See `Hierarchy.problem`."""
        lengths = options.prefix
        if not lengths:
            return "prefix needs at least one length"
        if lengths[-1] < 1 or any(long <= short for long, short in itertools.pairwise(lengths)):
            return "lengths must descend and be at least 1, as in [6, 4, 2]"
        return None

    @property
    def levels(self) -> tuple[str, ...]:
        """``first 6``, ``first 4``, … and ``*``."""
        return (*(f"first {length}" for length in self._lengths), ALL)

    def base(self, column: pa.Array) -> Treated:
        """The longest prefix of each value."""
        return Treated(per_value(column, lambda values: _first(canonical_text(values), self._lengths[0])))

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The prefix of ``level``."""
        if level == len(self._lengths):
            return pc.if_else(pc.is_valid(values), ALL, pa.scalar(None, pa.string()))
        return _first(values, self._lengths[level])


def _first(texts: pa.Array, length: int) -> pa.Array:
    return pc.utf8_slice_codeunits(texts, 0, length)
