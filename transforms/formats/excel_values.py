"""Values of a column as the cells of a sheet: all but the place of a cell, which stands before.

Text is an inline string, which is never a formula. What a cell could not keep is written as text, too: numbers of more
than 15 digits, times finer than a thousandth of a second, dates before March 1900.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats.excel_cells import FIRST_LOST, rounded

_LONGEST = 32_767  # characters of a cell, in UTF-16
_FIRST_DAY = 61  # before it Excel counts a day that never was
_AFTER_LAST_DAY = 2_958_466  # 10000-01-01
_EPOCH = 25_569  # 1970-01-01 in days of a sheet
_DAY = 86_400_000  # thousandths of a second
_DIGITS = 15

# The last one: what begins the number of a character, as Office writes those that XML has not.
_ESCAPES = ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("_x", "_x005F_x")
_CONTROLS = [chr(code) for code in (*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF)]
_NOT_XML = "[" + "".join(rf"\x{{{ord(one):x}}}" for one in _CONTROLS) + "]"

_TEXT = '" t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
_NUMBER = '"><v>', "</v></c>"
_BOOLEAN = '" t="b"><v>', "</v></c>"
_DATE = '" s="1"><v>', "</v></c>"
_TIME = '" s="2"><v>', "</v></c>"


def cell_ends(column: pa.Array, name: str) -> pa.Array:
    """The cells of a column, shape (n,): ``string`` array of what follows their places, null where there is no value.

    Raises:
        OutputError: A text is longer than a cell holds.
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        return _around(_BOOLEAN, column.cast(pa.int8()).cast(pa.string()))
    if pa.types.is_integer(kind):
        exact = np.abs(column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)) < FIRST_LOST
        return _either(exact, _around(_NUMBER, column.cast(pa.string())), column)
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_decimal(kind):
        written = column.cast(pa.string())
        digits = pc.utf8_length(pc.replace_substring_regex(written, "[^0-9]", "")).fill_null(0)
        exact = pc.less_equal(digits, _DIGITS).to_numpy(zero_copy_only=False)
        return _either(exact, _around(_NUMBER, written), column)
    if pa.types.is_date(kind):
        return _dates(column)
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return _times(column)
    return _checked(column.cast(pa.string()), name)


def text_ends(texts: pa.Array) -> pa.Array:
    """The same of a ``string`` array whose texts a cell holds."""
    return _around(_TEXT, _xml(texts))


def _floats(column: pa.Array) -> pa.Array:
    values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
    ordinary = np.isfinite(values) & (np.abs(values) < FIRST_LOST)
    whole = ordinary & (np.floor(values) == values)
    exact = whole | (ordinary & (rounded(values, ordinary & ~whole) == values))
    # What a number of 32 bits is written as must be its own shortest text.
    return _either(exact, _around(_NUMBER, column.cast(pa.string())), column)


def _times(column: pa.Array) -> pa.Array:
    """Times as days since the end of 1899, with a fraction."""
    exact = column.cast(pa.timestamp("us"), safe=False)
    thousandths = pc.cast(exact, pa.timestamp("ms"), safe=False)
    is_fine = pc.equal(pc.cast(thousandths, pa.timestamp("us")), exact).fill_null(True)
    days = thousandths.cast(pa.int64()).fill_null(0).to_numpy() / _DAY + _EPOCH
    kept = _in_calendar(days) & is_fine.to_numpy(zero_copy_only=False)
    return _either(kept, _around(_TIME, pa.array(days).cast(pa.string())), column)


def _dates(column: pa.Array) -> pa.Array:
    days = column.cast(pa.date32()).cast(pa.int32()).fill_null(0).to_numpy() + _EPOCH
    return _either(_in_calendar(days), _around(_DATE, pa.array(days).cast(pa.string())), column)


def _in_calendar(days: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray((days >= _FIRST_DAY) & (days < _AFTER_LAST_DAY))


def _either(exact: npt.NDArray[np.bool_], cells: pa.Array, column: pa.Array) -> pa.Array:
    """The cells where they keep the value exactly, and its text elsewhere; null where there is no value."""
    if not exact.all():
        cells = pc.if_else(pa.array(exact), cells, text_ends(column.cast(pa.string())))
    return pc.if_else(column.is_valid(), cells, None) if column.null_count else cells


def _checked(texts: pa.Array, name: str) -> pa.Array:
    # A character takes two places at most, so most texts need not be counted closely.
    if 2 * (pc.max(pc.utf8_length(texts)).as_py() or 0) > _LONGEST:
        places = pc.add(pc.utf8_length(texts), pc.count_substring_regex(texts, r"[\x{10000}-\x{10FFFF}]"))
        if pc.max(places).as_py() > _LONGEST:
            what = f"a value of {name} is longer than the {_LONGEST:,} characters of a cell"
            raise OutputError(what, "", "Leave the field out, or write another format")
    return text_ends(texts)


def _around(form: tuple[str, str], texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(form[0], texts, form[1], "")


def _xml(texts: pa.Array) -> pa.Array:
    """Text as XML has it; characters that XML has not are written by their numbers, as Office does."""
    for character, written in _ESCAPES:
        if pc.any(pc.match_substring(texts, character)).as_py():
            texts = pc.replace_substring(texts, character, written)
    if pc.any(pc.match_substring_regex(texts, _NOT_XML)).as_py():
        for character in _CONTROLS:
            texts = pc.replace_substring(texts, character, f"_x{ord(character):04X}_")
    return texts
