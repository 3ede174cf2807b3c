"""Text and binary columns as matrices: values of one size side by side, so that a cipher runs over all of them at once."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

BLOCK = 16
_TAIL = np.array([(1 << (8 * n)) - 1 for n in range(8)], dtype=np.uint64)
# what a value alone, and a block of all values, cost beside each other
_VALUE = 1.0
_STEP = 4.0
_SLICE = 1 << 15
"""Most rows of a group: its matrices stay in the processor's cache."""


class Group(NamedTuple):
    """The values of one size.

    Attributes:
        rows: int64 array, shape (m,): where they stand in the column.
        words: uint64 array, shape (m, 2 b): their bytes as little-endian words, zeros after the end; b is the
            number of 16-byte blocks, at least one.
        size: Bytes of each value.
    """

    rows: Rows
    words: Words
    size: int

    @property
    def bytes(self) -> Bytes:
        """The bytes, shape (m, size); a view."""
        return self.words.view(np.uint8)[:, : self.size]


def by_size(column: pa.Array) -> Iterator[Group]:
    """Group the values of a column by their size in bytes; every row is in exactly one group.

    Args:
        column: Plain ``string``, ``binary`` or their large kin, shape (n,). A null counts as empty.
    """
    if column.null_count:
        text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        column = column.fill_null("" if text else b"")
    length = len(column)
    if length == 0:
        return
    large = pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)
    _, offsets_buffer, data_buffer = column.buffers()
    ends = np.frombuffer(offsets_buffer, np.int64 if large else np.int32)
    offsets: Rows = ends[column.offset : column.offset + length + 1].astype(np.int64)
    first = int(offsets[0])
    last = int(offsets[-1])
    padded = np.zeros(last - first + 8, np.uint8)
    if last > first:
        padded[: last - first] = np.frombuffer(data_buffer, np.uint8)[first:last]
    # words[i] is the eight bytes that begin at byte i; loads need not be aligned.
    words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
    starts = offsets[:-1] - first
    sizes = offsets[1:] - offsets[:-1]
    for size, rows in equal(sizes):
        for begin in range(0, len(rows), _SLICE):
            part = rows[begin : begin + _SLICE]
            yield Group(part, _load(padded, words, starts[part], size), size)


def equal(sizes: Rows) -> Iterator[tuple[int, Rows]]:
    """Each size that occurs in (n,), ascending, with the rows that have it."""
    low = int(sizes.min())
    high = int(sizes.max())
    if low == high:
        yield low, np.arange(len(sizes))
        return
    order = np.argsort(sizes.astype(np.uint16) if high < 1 << 16 else sizes, kind="stable")
    ordered = sizes[order]
    edges = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(sizes)]
    for begin, end in itertools.pairwise(edges):
        yield int(ordered[begin]), order[begin:end]


def few(rows: int, size: int) -> bool:
    """Whether values of one size are so few that handling them one by one is cheaper than block by block."""
    return rows * _VALUE < -(-size // BLOCK) * _STEP


def _load(padded: Bytes, words: Words, starts: Rows, size: int) -> Words:
    whole, rest = divmod(size, 8)
    loaded = np.zeros((len(starts), 2 * max(1, -(-size // BLOCK))), np.uint64)
    if few(len(starts), size):
        rows = loaded.view(np.uint8)
        for row, start in enumerate(starts.tolist()):
            rows[row, :size] = padded[start : start + size]
        return loaded
    # Values that lie one behind the other are read by a strided view, without an index.
    strided = int(starts[-1] - starts[0]) == (len(starts) - 1) * size
    for number in range(whole):
        _word(padded, words, starts, 8 * number, size if strided else None, loaded[:, number])
    if rest:
        _word(padded, words, starts, 8 * whole, size if strided else None, loaded[:, whole])
        loaded[:, whole] &= _TAIL[rest]
    return loaded


def _word(padded: Bytes, words: Words, starts: Rows, place: int, step: int | None, out: Words) -> None:
    """The eight bytes at a place of each value, of values that begin ``step`` bytes apart if that is given."""
    if step is None:
        out[:] = words[starts + place]
    else:
        out[:] = np.ndarray((len(starts),), "<u8", padded, int(starts[0]) + place, (step,))


def matrix_column(matrix: Bytes, kind: pa.DataType) -> pa.Array:
    """A matrix of bytes, shape (m, w), as a plain column of m values of w bytes each.

    Args:
        matrix: The bytes.
        kind: ``string`` (the bytes must be UTF-8) or ``binary``.
    """
    rows, width = matrix.shape
    large = rows * width >= 1 << 31
    offsets = np.arange(rows + 1, dtype=np.int64 if large else np.int32) * width
    wide = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}[kind] if large else kind
    return pa.Array.from_buffers(wide, rows, [None, pa.py_buffer(offsets), pa.py_buffer(matrix.tobytes())])


def in_order(parts: Iterable[tuple[Rows, pa.Array]], kind: pa.DataType, valid: pa.Array | None = None) -> pa.Array:
    """Put columns that were made of groups back into one.

    Args:
        parts: Rows and their values; together the rows are 0 … n − 1.
        kind: The type of the values.
        valid: Boolean column, shape (n,): rows that are false become null.
    """
    found = list(parts)
    if not found:
        return pa.array([], kind)
    rows = np.concatenate([part for part, _ in found])
    column = pa.concat_arrays([values for _, values in found])
    if np.array_equal(rows, np.arange(len(rows))):
        order = None
    else:
        order = np.empty(len(rows), np.int64)
        order[rows] = np.arange(len(rows))
    if valid is None:
        return column if order is None else column.take(pa.array(order))
    places = pa.array(np.arange(len(rows)) if order is None else order, mask=~valid.to_numpy(zero_copy_only=False))
    return column.take(places)
