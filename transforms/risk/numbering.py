"""Distinct rows of some columns, numbered: what groups, classes and cells are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.key_codes import codes, ordered_codes
from beam_deid.transforms.risk.histogram import Counts

_DENSE = 1 << 16
_WHOLE = 1 << 62


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
        keys = keys + ((lookups[place] * cells)[column] if lookups else column * np.int64(cells))
        cells *= size
    if cells <= max(4 * length, _DENSE):
        there = np.bincount(keys, minlength=cells) > 0
        order = np.cumsum(there) - 1
        return Numbered(order[keys], int(order[-1]) + 1 if cells else 0)
    numbers, distinct = codes(keys.view(np.uint64))
    return Numbered(numbers, len(distinct))


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
