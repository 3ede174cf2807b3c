"""Blank cells filled from the lines above them, within an order: whole columns at once, from batch to batch.

A row is of the order of the row above where both say the same order, in whatever spelling. Where ``by`` is among the filled
fields itself, a row that says none is of the order above as well, unless a row between them could not be read: that one may
have begun another order.
A cell takes the nearest value above it in its order. What stands above the order's first value stays blank.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.words import words
from beam_deid.transforms.formats.input_options import FillDown

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, pa.Array]
Spelling = Callable[[pa.Array], pa.Array]
"""Makes values (n,), plain or dictionary-encoded, others (n,) that are equal where they say the same; null stays null."""


def as_written(column: pa.Array) -> pa.Array:
    """The spelling by which only equal values say the same."""
    return column


class _Last(NamedTuple):
    """The last row that was filled.

    Attributes:
        row: Its number in the file.
        columns: The filled columns and ``by``, of length 1.
    """

    row: int
    columns: Columns


class Filling:
    """Fills the rows of one file, which come in their order.

    Args:
        options: What is filled.
        nulls: Texts that stand for nothing, beside white space.
        spelt: How values of ``by`` are spelt where they are compared; they stay as they are written.
    """

    def __init__(self, options: FillDown, nulls: Sequence[str] = (), spelt: Spelling = as_written) -> None:
        self._nothing = words("", *nulls)
        self._by = options.by
        self._spelt = spelt
        self._fields = options.fields
        self._last: _Last | None = None
        self._unread = np.empty(0, np.int64)

    def fill(self, columns: Columns, rows: Rows, unread: Sequence[Rows] = ()) -> dict[str, pa.Array]:
        """Fill the next rows.

        Args:
            columns: Columns of length n, the filled ones and ``by`` among them.
            rows: Numbers of the rows in the file, ascending, shape (n,).
            unread: Numbers of rows that could not be read, up to here.

        Returns:
            The columns, of length n and of the same types.
        """
        self._unread = np.unique(np.concatenate([self._unread, *unread]))
        if len(rows) == 0:
            self._unread = self._unread[-1:]
            return dict(columns)
        own = list(dict.fromkeys([*self._fields, self._by]))
        before = self._last
        held = {name: _joined(before.columns[name], columns[name]) if before else columns[name] for name in own}
        numbers = rows if before is None else np.concatenate([[before.row], rows])
        filled = self._filled(held, self._cut(numbers))
        last = {name: column.slice(len(numbers) - 1) for name, column in filled.items()}
        self._last = _Last(int(numbers[-1]), last)
        self._unread = self._unread[self._unread > numbers[-1]]
        first = len(numbers) - len(rows)
        return {name: filled[name].slice(first) if name in filled else column for name, column in columns.items()}

    def _cut(self, numbers: Rows) -> Mask:
        """Whether a row could not be read between each row and the one above, shape (n,)."""
        passed = np.searchsorted(self._unread, numbers)
        return np.diff(passed, prepend=passed[:1]) > 0

    def _filled(self, columns: Columns, cut: Mask) -> dict[str, pa.Array]:
        first = self._first_rows(columns[self._by], cut)
        return {
            name: self._from_above(column, first) if name in self._fields else column
            for name, column in columns.items()
        }

    def _first_rows(self, by: pa.Array, cut: Mask) -> Rows:
        """For each row the first row of its order, shape (n,)."""
        places = np.arange(len(by), dtype=np.int64)
        says = ~self._is_blank(by)
        anchors = says.copy()
        if self._by in self._fields:
            anchors |= cut
            anchors[0] = True
            source = np.maximum.accumulate(np.where(anchors, places, 0))
        else:
            source = places
        order = np.where(says[source], _codes(self._spelt(by))[source], -1)
        same = np.zeros(len(by), bool)
        same[1:] = (order[1:] == order[:-1]) & (order[1:] >= 0)
        return np.maximum.accumulate(np.where(same, 0, places))

    def _from_above(self, column: pa.Array, first: Rows) -> pa.Array:
        """A column whose blank cells take the nearest value above that is not above their order's first row."""
        blank = self._is_blank(column)
        if not blank.any():
            return column
        places = np.arange(len(column), dtype=np.int64)
        nearest = np.maximum.accumulate(np.where(blank, -1, places))
        source = np.where(blank & (nearest >= first), nearest, places)
        return column if (source == places).all() else column.take(pa.array(source))

    def _is_blank(self, column: pa.Array) -> Mask:
        """Where nothing stands: null, or text of nothing but spaces or a word for nothing; shape (n,)."""
        if isinstance(column, pa.DictionaryArray):
            none = np.append(self._is_blank(column.dictionary), True)
            return np.asarray(none[_numbers(column.indices, len(none) - 1)], bool)
        blank = column.is_null()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            blank = pc.or_(blank, pc.is_in(pc.utf8_trim_whitespace(column), self._nothing))
        return np.asarray(blank.to_numpy(zero_copy_only=False), bool)


def _codes(column: pa.Array) -> Rows:
    """A number for each value, equal for equal ones, -1 for null, shape (n,)."""
    if pa.types.is_null(column.type):
        return np.full(len(column), -1, np.int64)
    if isinstance(column, pa.DictionaryArray):
        known = np.append(_codes(column.dictionary), -1)
        return np.asarray(known[_numbers(column.indices, len(known) - 1)], np.int64)
    return _numbers(column.dictionary_encode().indices, -1)


def _numbers(indices: pa.Array, null: int) -> Rows:
    """Places in a dictionary, with one for null, shape (n,)."""
    return np.asarray(indices.cast(pa.int64()).fill_null(null).to_numpy(zero_copy_only=False), np.int64)


def _joined(above: pa.Array, column: pa.Array) -> pa.Array:
    """The row above, and a column below it."""
    if isinstance(column, pa.DictionaryArray):
        both = pa.chunked_array([above, column]).unify_dictionaries()
        return pa.concat_arrays(both.chunks)
    return pa.concat_arrays([above, column])
