"""Distinct rows of some columns, numbered: what groups, classes and cells are made of."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.key_codes import codes, ordered_codes
from beam_deid.transforms.risk.histogram import Counts

_DENSE = 1 << 16
_WHOLE = 1 << 62
_INT32 = (1 << 31) - 1
_SLICE = 1 << 15
"""Rows that are worked on together, so that they stay in the processor's cache."""


class Numbered(NamedTuple):
    """Rows by group.

    Attributes:
        numbers: The number of each row's group, shape (n,), int64, from 0.
        many: How many groups there are.
    """

    numbers: Counts
    many: int


def numbered(
    columns: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int], lookups: Sequence[Counts] | None = None
) -> Numbered:
    """Number the distinct rows of some columns.

    Args:
        columns: Columns of numbers from 0, each of shape (n,); at least one.
        sizes: How many numbers each column may have, after the look-up if there is one.
        lookups: For each column an array that maps its numbers to others, shape (numbers,); None to take them as they are.
    """
    length = len(columns[0]) if columns else 0
    keys = np.zeros(length, np.int64)
    cells = 1
    for place, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        if size <= 1:
            continue
        if cells >= _WHOLE // size:  # one exact integer a row, however many columns there are
            keys, distinct = codes(keys.view(np.uint64))
            cells = len(distinct)
        _add(keys, column, cells, lookups[place] if lookups else None)
        cells *= size
    if cells <= max(4 * length, _DENSE):
        return _numbered_in_place(keys, cells)
    numbers, distinct = codes(keys.view(np.uint64))
    return Numbered(numbers, len(distinct))


def _add(keys: Counts, column: npt.NDArray[np.integer], times: int, lookup: Counts | None) -> None:
    """Add to the key of each row, shape (n,), its number in a column, so many times; overwrites the keys."""
    each = None if lookup is None else lookup * times
    for rows in _slices(len(keys)):
        keys[rows] += column[rows].astype(np.int64) * times if each is None else each[column[rows]]


def _numbered_in_place(keys: Counts, cells: int) -> Numbered:
    """Number keys below ``cells``, shape (n,), in their order; the numbers take the place of the keys."""
    there = np.zeros(cells, np.bool_)
    there[keys] = True
    so_far = np.cumsum(there, dtype=np.int32 if cells <= _INT32 else np.int64)
    for rows in _slices(len(keys)):
        keys[rows] = so_far[keys[rows]]
    keys -= 1
    return Numbered(keys, int(so_far[-1]) if cells else 0)


def _slices(length: int) -> Iterator[slice]:
    for begin in range(0, length, _SLICE):
        yield slice(begin, begin + _SLICE)


def summed(groups: Numbered, values: Counts) -> Counts:
    """Sum values by group.

    Args:
        groups: The rows by group.
        values: A value for each row, shape (n,).

    Returns:
        The sums, shape (groups,), int64.
    """
    return np.bincount(groups.numbers, weights=values, minlength=groups.many).astype(np.int64)


def pair_numbers(first: Counts, second: Counts) -> Counts:
    """Combine two columns of numbers into one, which is equal for two rows only if both columns are.

    Args:
        first: Numbers of at least -1, shape (n,), int64.
        second: The same of the other column.

    Returns:
        Shape (n,), int64, from 0. The numbers are exact, not hashed.
    """
    if (greatest(first) + 2) * (greatest(second) + 2) >= 1 << 60:  # Python's integers do not overflow here
        first, second = (ordered_codes(of.view(np.uint64))[0] for of in (first, second))
    return (first + 1) * (greatest(second) + 2) + second + 1


def greatest(numbers: Counts) -> int:
    """Return the greatest of some numbers, shape (n,); -1 if there are none."""
    return int(numbers.max()) if len(numbers) else -1
