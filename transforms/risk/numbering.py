"""Distinct rows of some columns, numbered: what groups, classes and cells are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import codes
from beam_deid.transforms.risk.histogram import Counts

_DENSE = 1 << 16
_WHOLE = 1 << 62


class Numbered(NamedTuple):
    """Rows by group: the number of each row's group, shape (n,), and how many groups there are."""

    numbers: Counts
    many: int


def numbered(
    columns: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int], lookups: Sequence[Counts] | None = None
) -> Numbered:
    """Number the distinct rows of some columns.

    Args:
        columns: Columns of numbers from 0, each of shape (n,); at least one.
        sizes: How many numbers each column may have, after the look-up if there is one.
        lookups: What to put in place of each column's numbers; None to take them as they are.
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
    """The sum of ``values`` (n,) over the rows of each group, shape (groups,)."""
    return np.bincount(groups.numbers, weights=values, minlength=groups.many).astype(np.int64)
