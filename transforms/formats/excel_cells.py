"""Cells of a sheet as text columns: numbers as Excel shows them, dates and times as ISO 8601, nothing guessed.

A sheet keeps no more than 15 significant digits of a number. So a number is written with that many, whole ones without a
point, and one of more digits, an order number for instance, has lost its last ones: such a cell is at fault.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

DAMAGED = "\U0010ffffd"
"""Stands in the place of a number that has lost digits; it is no text of any cell."""
ERROR = "\U0010ffffe"
"""Stands in the place of an error, or of a formula whose result was never worked out."""

_DIGITS = 15
FIRST_LOST = 10.0**_DIGITS
"""The first whole number that a sheet cannot keep with all its digits, as far as it promises."""

Cells = npt.NDArray[np.object_]

_LARGEST_SCALE = 22  # powers of ten up to here are exact


def text_column(cells: Sequence[Any]) -> pa.Array:
    """The cells of a column, shape (n,), as a ``string`` array of that length; a cell in which nothing stands is null."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return _without_empty(pa.array(cells, pa.string()))
    given = np.empty(len(cells), dtype=object)
    given[:] = cells
    if len(kinds) == 1:
        return _TEXTS[kinds.pop()](given)
    of_kind: Any = np.frompyfunc(type, 1, 1)(given)
    texts = pa.nulls(len(cells), pa.string())
    for kind in sorted(kinds, key=lambda one: one.__name__):
        here = (of_kind == kind).astype(bool)
        texts = pc.replace_with_mask(texts, pa.array(here), _TEXTS[kind](given[here]))
    return texts


def _strings(cells: Cells) -> pa.Array:
    return _without_empty(pa.array(cells, pa.string()))


def _without_empty(texts: pa.Array) -> pa.Array:
    empty = pc.equal(texts, "")
    return pc.if_else(empty, None, texts) if pc.any(empty).as_py() else texts


def _booleans(cells: Cells) -> pa.Array:
    return pc.if_else(pa.array(cells.astype(bool)), "TRUE", "FALSE")


def _numbers(cells: Cells) -> pa.Array:
    values = cells.astype(np.float64)
    size = np.abs(values)
    lost = ~(size < FIRST_LOST)
    whole = (np.floor(values) == values) & ~lost
    integers = pa.array(np.where(whole, values, 0).astype(np.int64)).cast(pa.string())
    fractions = pa.array(rounded(values, ~whole & ~lost)).cast(pa.string())
    return pc.if_else(pa.array(lost), DAMAGED, pc.if_else(pa.array(whole), integers, fractions))


def rounded(values: npt.NDArray[np.float64], wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The wanted values, 0 < |v| < 10¹⁵, as the nearest to what 15 significant digits say; the others are of no use."""
    safe = np.where(wanted, values, 1.0)
    places = _DIGITS - 1 - np.floor(np.log10(np.abs(safe))).astype(np.int64)
    scale = 10.0 ** np.minimum(places, _LARGEST_SCALE)
    return np.where(places <= _LARGEST_SCALE, np.rint(safe * scale) / scale, safe)


def _dates(cells: Cells) -> pa.Array:
    return pa.array(cells, pa.date32()).cast(pa.string())


def _moments(cells: Cells) -> pa.Array:
    exact = pa.array(cells, pa.timestamp("us"))
    return _shortest(exact, pa.timestamp("s"), pa.timestamp("ms"))


def _times(cells: Cells) -> pa.Array:
    exact = pa.array(cells, pa.time64("us"))
    return _shortest(exact, pa.time32("s"), pa.time32("ms"))


def _shortest(exact: pa.Array, seconds: pa.DataType, thousandths: pa.DataType) -> pa.Array:
    """Times to the second where they are whole, and to its thousandth, which is what a sheet keeps, where they are not."""
    whole = pc.cast(exact, seconds, safe=False)
    is_whole = pc.equal(pc.cast(whole, exact.type), exact)
    fine = pc.cast(exact, thousandths, safe=False).cast(pa.string())
    return pc.if_else(is_whole, whole.cast(pa.string()), fine)


def _durations(cells: Cells) -> pa.Array:
    """Hours, minutes and seconds, as ``[h]:mm:ss`` shows them."""
    seconds = np.rint(pa.array(cells, pa.duration("us")).cast(pa.int64()).to_numpy() / 1e6).astype(np.int64)
    hours, rest = np.divmod(np.abs(seconds), 3600)
    minutes = pa.array(rest // 60).cast(pa.string())
    last = pa.array(rest % 60).cast(pa.string())
    signed = pc.if_else(pa.array(seconds < 0), "-", "")
    started = pc.binary_join_element_wise(signed, pa.array(hours).cast(pa.string()), "")
    return pc.binary_join_element_wise(started, pc.utf8_lpad(minutes, 2, "0"), pc.utf8_lpad(last, 2, "0"), ":")


_TEXTS: dict[type, Callable[[Cells], pa.Array]] = {
    str: _strings,
    bool: _booleans,
    int: _numbers,
    float: _numbers,
    dt.date: _dates,
    dt.datetime: _moments,
    dt.time: _times,
    dt.timedelta: _durations,
}
