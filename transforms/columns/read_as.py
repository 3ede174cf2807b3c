"""Columns as the policy's kinds say: typed exactly, never guessed; what cannot be read is a fault, not a null.

A string column that comes dictionary-encoded stays so; every other result is a plain column.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text
from beam_deid.transforms.columns.exact import cut_off, exact_floats
from beam_deid.transforms.columns.moments import number_moments, text_moments, wall_time
from beam_deid.transforms.columns.number_words import in_one_spelling, is_plain
from beam_deid.transforms.columns.reading import Reading, Typed, reading_of
from beam_deid.transforms.columns.text_escapes import unescaped
from beam_deid.transforms.columns.words import words

Kinded = tuple[pa.Array, pa.Array | None]
"""A typed column, and a boolean mask of its faults (never null), or None where there are none."""

DAMAGED = r"\A-?[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}\z"
"""How spreadsheets write a number of twelve digits or more, whose last digits are lost then."""

_TRUE = ("true", "1", "yes", "y", "是")
_FALSE = ("false", "0", "no", "n", "否")
_EXACT_BELOW = {pa.float16(): float(2**11), pa.float32(): float(2**24), pa.float64(): float(2**53)}
"""Below it every whole number is one in floating point of that width; itself it may have been the next one."""


class _Text:
    arrow = pa.string()


def to_text(column: pa.Array) -> Kinded:
    """Read a column of any scalar type, shape (n,), as text; see `to_kind`."""
    return to_kind(column, _Text())


def exact_text(column: pa.Array) -> pa.Array:
    """A column of any scalar type as text, shape (n,).

    Raises:
        ArrowInvalid: A value has no text of its own: it would be null, or stands for several numbers.
    """
    text, faults = to_text(column)
    faults = _either(faults, without_last_digits(column))
    if faults is not None and pc.any(faults, min_count=0).as_py():
        raise pa.ArrowInvalid("a value cannot be read as text")
    return text


def arrow_type(kind: Reading | Typed | None, given: pa.DataType) -> pa.DataType:
    """The type of a column of ``kind`` whose file gives it as ``given``.

    Text-like kinds are strings; decimals are of as many places as their reading says, or keep the precision of a decimal column,
    else they are decimal128(18, 2); timestamps are microseconds without a zone. Without a kind a column keeps its type, but all
    strings are one type, and floats of 16 bits are of 32.
    """
    if pa.types.is_dictionary(given):
        given = given.value_type
    reading = reading_of(kind)
    arrow = reading.arrow
    if arrow is None and pa.types.is_float16(given):
        return pa.float32()
    if arrow is None:
        return pa.string() if is_text(given) else given
    if pa.types.is_decimal(arrow) and pa.types.is_decimal(given) and reading.decimals is None:
        return given
    return arrow


def to_kind(column: pa.Array, kind: Reading | Typed | None) -> Kinded:
    """Read a column as its kind says, in the way in which it is written.

    Spaces around a value that is no text are ignored, and an empty one is null. What would have to be guessed is a fault: a comma
    in a number, unless it is said what it means, and a date whose day and month nobody can tell apart. So are full-width digits,
    NaN and infinity, impossible dates, and numbers that would lose digits. Times with an offset become UTC, or times of the
    reading's zone; whole numbers for a time are seconds, or milliseconds from 10¹¹ on, since 1970.

    Args:
        column: A column of any scalar type, plain or dictionary-encoded, shape (n,).
        kind: How it is read; the kind alone where values are written as they commonly are; None to keep the type.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    reading = reading_of(kind)
    if isinstance(column, pa.DictionaryArray):
        return _dictionary(column, reading)
    target = arrow_type(reading, column.type)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), target), None
    if pa.types.is_string(target):
        return _as_text(column, reading)
    if column.type == target and not pa.types.is_floating(target):
        return column, None
    if is_text(column.type):
        text, fault = given_text(column, reading)
        values, wrong = _from_text(_stripped(text), target, reading)
        return values, _either(_either(fault, wrong), _damaged(text) if reading.identifies else None)
    if reading.kind is not None:
        return _from_other(column, target, reading)
    return _wide(column), without_last_digits(column) if reading.identifies else None


def given_text(column: pa.Array, reading: Reading) -> Kinded:
    """A column's texts (n,) without a spreadsheet's escapes, null where they stand for nothing; and which are broken."""
    text, fault = _to_text(column)
    if not is_text(column.type):
        return text, fault
    text = unescaped(text, reading.dress)
    if reading.nulls:
        nothing = pc.is_in(text, value_set=words(*reading.nulls))
        text = pc.if_else(nothing, None, text) if pc.any(nothing, min_count=0).as_py() else text
    return text, fault


def _as_text(column: pa.Array, reading: Reading) -> Kinded:
    text, fault = given_text(column, reading)
    if not reading.identifies:
        return text, fault
    return text, _either(fault, _either(_damaged(text), without_last_digits(column)))


def _damaged(text: pa.Array) -> pa.Array | None:
    """Which texts, shape (n,), are numbers of which a spreadsheet has cut off digits; None where there are none."""
    return _some(pc.match_substring_regex(text, DAMAGED).fill_null(False))


def without_last_digits(column: pa.Array) -> pa.Array | None:
    """Which values, shape (n,), are numbers in floating point that stand for several whole ones; None where there are none."""
    if not pa.types.is_floating(column.type):
        return None
    return _some(pc.greater_equal(pc.abs(_wide(column)), _EXACT_BELOW[column.type]).fill_null(False))


def _dictionary(column: pa.DictionaryArray, reading: Reading) -> Kinded:
    values, faults = to_kind(column.dictionary, reading)
    codes = column.indices
    mask = None if faults is None else _some(pc.take(faults, codes).fill_null(False))
    if pa.types.is_string(values.type):
        return pa.DictionaryArray.from_arrays(codes, values), mask
    return values.take(codes), mask


def _to_text(column: pa.Array) -> Kinded:
    if is_text(column.type):
        column = _from_the_beginning(column.cast(pa.string())) if not pa.types.is_string(column.type) else column
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            return _valid_text(column)
        return column, None
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return _valid_text(column.cast(pa.binary()).view(pa.string()))
    if pa.types.is_floating(column.type):
        several = without_last_digits(column)
        column = _wide(column)
        whole = pc.equal(pc.floor(column), column).fill_null(False)
        whole = whole if several is None else pc.and_not(whole, several)
        integers = pc.cast(pc.if_else(whole, column, None), pa.int64()).cast(pa.string())
        return pc.coalesce(integers, column.cast(pa.string())), None
    return column.cast(pa.string()), None


def _wide(column: pa.Array) -> pa.Array:
    """Floats of at least 32 bits: Arrow reckons with none of 16."""
    return column.cast(pa.float32()) if pa.types.is_float16(column.type) else column


def _from_the_beginning(column: pa.Array) -> pa.Array:
    """The same texts, from the beginning of their bytes: those of a slice are within another's once they are cast.

    Some functions of Arrow (`ascii_lower` of version 25 is one) make arrays of such ones that point beyond their own bytes.
    """
    return pa.concat_arrays([column])


def _valid_text(column: pa.Array) -> Kinded:
    # Only a column with broken text comes here; each of its values is looked at once.
    wrong = np.zeros(len(column), dtype=bool)
    for row, value in enumerate(column.view(pa.binary()).to_pylist()):
        if value is not None:
            try:
                value.decode()
            except UnicodeDecodeError:
                wrong[row] = True
    mask = pa.array(wrong)
    sound = pc.if_else(mask, None, column.view(pa.binary()))
    return sound.cast(pa.string()), _some(mask)


def _from_text(text: pa.Array, target: pa.DataType, reading: Reading) -> Kinded:
    if pa.types.is_temporal(target):
        moments, wrong = text_moments(text, reading.formats, reading.timezone)
        return _as_temporal(moments, target, reading), wrong
    if pa.types.is_boolean(target):
        lower = pc.utf8_lower(text)
        true = pc.is_in(lower, words(*_TRUE))
        false = pc.is_in(lower, words(*_FALSE))
        return pc.if_else(pc.or_(true, false), true, None), _missed(text, pc.or_(true, false))
    plainly = _from_digits(text, target) if is_plain(reading) else None
    if plainly is not None and plainly[1] is None:
        return plainly
    return _from_words(text, target, reading, plainly)


def _from_words(text: pa.Array, target: pa.DataType, reading: Reading, plainly: Kinded | None) -> Kinded:
    """Numbers that are written with more than digits and a point; of the others what was read already."""
    rest = text.is_valid() if plainly is None else plainly[1]
    given = text.filter(rest)
    spelt = in_one_spelling(given, reading, percent=not pa.types.is_integer(target))
    values, wrong = _from_digits(spelt, target)
    known = pa.nulls(len(text), values.type) if plainly is None else plainly[0]
    if wrong is None:
        return pc.replace_with_mask(known, rest, values), None
    missed = pc.replace_with_mask(pa.array(np.zeros(len(text), bool)), rest, wrong)
    return pc.replace_with_mask(known, rest, values), _some(missed)


def _from_digits(text: pa.Array, target: pa.DataType) -> Kinded:
    """Numbers of digits, with a point, a sign and an exponent where the type takes them."""
    text = pc.replace_substring_regex(text, r"^\+([0-9.])", r"\1")
    if pa.types.is_integer(target):
        return _integers(text)
    if pa.types.is_decimal(target):
        digits = target.precision - target.scale
        places = rf"[0-9]{{1,{target.scale}}}0*" if target.scale else "0+"
        return _matched(text, rf"^-?[0-9]{{1,{digits}}}(\.{places})?$", lambda t: t.cast(target))
    values, wrong = _matched(text, r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$", lambda t: t.cast(pa.float64()))
    values, wrong = _finite(values, wrong)
    lost = cut_off(text, values)
    if lost is None:
        return values, wrong
    return pc.if_else(lost, None, values), _either(wrong, lost)


def _integers(text: pa.Array) -> Kinded:
    values, wrong = _matched(text, r"^-?0*[0-9]{1,18}$", lambda t: t.cast(pa.int64()))
    if wrong is None:
        return values, None
    # Numbers of nineteen digits may or may not fit.
    long = pc.match_substring_regex(text, r"^-?0*[1-9][0-9]{18}$").fill_null(False)
    if not pc.any(long).as_py():
        return values, wrong
    fits = [int(t) if -(2**63) <= int(t) < 2**63 else None for t in text.filter(long).to_pylist()]
    values = pc.replace_with_mask(values, long, pa.array(fits, pa.int64()))
    return values, _missed(text, values.is_valid())


def _matched(text: pa.Array, pattern: str, convert: Callable[[pa.Array], pa.Array]) -> Kinded:
    fits = pc.match_substring_regex(text, pattern)
    if pc.all(fits).as_py() in (True, None) and text.null_count == fits.null_count:
        return convert(text), None
    return convert(pc.if_else(fits.fill_null(False), text, None)), _missed(text, fits)


def _from_other(column: pa.Array, target: pa.DataType, reading: Reading) -> Kinded:
    given = column.type
    if pa.types.is_temporal(target):
        return _temporal_from_other(column, target, reading)
    if pa.types.is_boolean(target) or pa.types.is_boolean(given) or pa.types.is_temporal(given):
        return pa.nulls(len(column), target), _missed(column, pa.nulls(len(column), pa.bool_()))
    if pa.types.is_floating(target) and (pa.types.is_floating(given) or pa.types.is_integer(given)):
        values, lost = exact_floats(column)
        return _finite(values, _either(lost, without_last_digits(column) if reading.identifies else None))
    values, wrong = _from_text(_to_text(column)[0], target, reading.canonical())
    several = without_last_digits(column)
    return (values, wrong) if several is None else (pc.if_else(several, None, values), _either(wrong, several))


def _temporal_from_other(column: pa.Array, target: pa.DataType, reading: Reading) -> Kinded:
    given = column.type
    if pa.types.is_integer(given) or pa.types.is_floating(given):
        moments, wrong = number_moments(column, reading.formats, reading.timezone)
        return _as_temporal(moments, target, reading), wrong
    if not pa.types.is_timestamp(given) and not pa.types.is_date(given):
        return pa.nulls(len(column), target), _missed(column, pa.nulls(len(column), pa.bool_()))
    values = _as_temporal(column, target, reading)
    if not (pa.types.is_timestamp(given) and given.unit == "ns" and pa.types.is_timestamp(target)):
        return values, None
    finer = pc.not_equal(pc.nanosecond(column), 0).fill_null(False)
    return pc.if_else(finer, None, values), _some(finer)


def _as_temporal(moments: pa.Array, target: pa.DataType, reading: Reading) -> pa.Array:
    if pa.types.is_timestamp(moments.type) and moments.type.tz is not None:
        plain = moments.cast(pa.timestamp(moments.type.unit, "UTC")).cast(pa.timestamp(moments.type.unit))
        moments = wall_time(pc.cast(plain, pa.timestamp("us"), safe=False), reading.timezone)
    return pc.cast(moments, target, safe=False)


def _finite(values: pa.Array, wrong: pa.Array | None) -> Kinded:
    finite = pc.is_finite(values)
    if pc.all(finite).as_py() in (True, None):
        return values, wrong
    return pc.if_else(finite, values, None), _either(wrong, _missed(values, finite))


def _stripped(text: pa.Array) -> pa.Array:
    text = pc.utf8_trim(text, characters=" \t")
    empty = pc.equal(text, "")
    return pc.if_else(empty, None, text) if pc.any(empty).as_py() else text


def _missed(given: pa.Array, fits: pa.Array) -> pa.Array | None:
    """The rows whose value is not null and could not be read."""
    return _some(pc.and_(given.is_valid(), pc.invert(fits.fill_null(False))))


def _either(first: pa.Array | None, second: pa.Array | None) -> pa.Array | None:
    if first is None or second is None:
        return second if first is None else first
    return pc.or_(first, second)


def _some(mask: pa.Array) -> pa.Array | None:
    return mask if pc.any(mask).as_py() else None
