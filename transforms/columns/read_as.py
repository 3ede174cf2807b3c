"""Columns as the policy's kinds say: typed exactly, never guessed; what cannot be read is a fault, not a null.

A string column that comes dictionary-encoded stays so; every other result is a plain column.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.moments import epoch_moments, text_moments
from beam_deid.transforms.columns.words import words

Kinded = tuple[pa.Array, pa.Array | None]
"""A typed column, and a boolean mask of its faults (never null), or None where there are none."""

_TRUE = ("true", "1", "yes", "y", "是")
_FALSE = ("false", "0", "no", "n", "否")
_LARGEST_EXACT = float(2**53)


class Typed(Protocol):
    """A kind, as far as it matters here."""

    @property
    def arrow(self) -> pa.DataType:
        """The type that its values are read as."""
        ...


class _Text:
    arrow = pa.string()


def to_text(column: pa.Array) -> Kinded:
    """Read a column of any scalar type, shape (n,), as text; see `to_kind`."""
    return to_kind(column, _Text())


def arrow_type(kind: Typed | None, given: pa.DataType) -> pa.DataType:
    """The type of a column of ``kind`` whose file gives it as ``given``.

    Text-like kinds are strings; decimals keep the precision of a decimal column, else they are decimal128(18, 2);
    timestamps are microseconds without a zone. Without a kind a column keeps its type, and all strings are one type.
    """
    if pa.types.is_dictionary(given):
        given = given.value_type
    if kind is None:
        return pa.string() if _is_text(given) else given
    if pa.types.is_decimal(kind.arrow) and pa.types.is_decimal(given):
        return given
    return kind.arrow


def to_kind(column: pa.Array, kind: Typed | None) -> Kinded:
    """Read a column as its kind says.

    Spaces around a value that is no text are ignored, and an empty one is null. Full-width digits, thousands
    separators, NaN and infinity, impossible dates, and numbers that would lose digits are faults. Times with an
    offset become UTC; whole numbers for a time are seconds, or milliseconds from 10¹¹ on, since 1970.

    Args:
        column: A column of any scalar type, plain or dictionary-encoded, shape (n,).
        kind: The kind, or None to keep the type.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        return _dictionary(column, kind)
    target = arrow_type(kind, column.type)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), target), None
    if pa.types.is_string(target):
        return _to_text(column)
    if column.type == target and not pa.types.is_floating(target):
        return column, None
    if _is_text(column.type):
        text, fault = _to_text(column)
        values, wrong = _from_text(_stripped(text), target)
        return values, _either(fault, wrong)
    return _from_other(column, target) if kind is not None else (column, None)


def _dictionary(column: pa.DictionaryArray, kind: Typed | None) -> Kinded:
    values, faults = to_kind(column.dictionary, kind)
    codes = column.indices
    mask = None if faults is None else _some(pc.take(faults, codes).fill_null(False))
    if pa.types.is_string(values.type):
        return pa.DictionaryArray.from_arrays(codes, values), mask
    return values.take(codes), mask


def _to_text(column: pa.Array) -> Kinded:
    if _is_text(column.type):
        column = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            return _valid_text(column)
        return column, None
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return _valid_text(column.cast(pa.binary()).view(pa.string()))
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _LARGEST_EXACT)).fill_null(False)
        integers = pc.cast(pc.if_else(whole, column, None), pa.int64()).cast(pa.string())
        return pc.coalesce(integers, column.cast(pa.string())), None
    return column.cast(pa.string()), None


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


def _from_text(text: pa.Array, target: pa.DataType) -> Kinded:
    if pa.types.is_temporal(target):
        moments, wrong = text_moments(text)
        return _as_temporal(moments, target), wrong
    if pa.types.is_boolean(target):
        lower = pc.utf8_lower(text)
        true = pc.is_in(lower, words(*_TRUE))
        false = pc.is_in(lower, words(*_FALSE))
        return pc.if_else(pc.or_(true, false), true, None), _missed(text, pc.or_(true, false))
    text = pc.replace_substring_regex(text, r"^\+", "")
    if pa.types.is_integer(target):
        return _integers(text)
    if pa.types.is_decimal(target):
        digits = target.precision - target.scale
        places = target.scale
        pattern = rf"^-?[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}}0*)?$"
        return _matched(text, pattern, lambda t: t.cast(target))
    values, wrong = _matched(text, r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$", lambda t: t.cast(pa.float64()))
    return _finite(values, wrong)


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


def _from_other(column: pa.Array, target: pa.DataType) -> Kinded:
    given = column.type
    if pa.types.is_temporal(target):
        if pa.types.is_integer(given):
            moments, wrong = epoch_moments(column)
            return _as_temporal(moments, target), wrong
        if pa.types.is_timestamp(given) or pa.types.is_date(given):
            return _as_temporal(column, target), None
        return pa.nulls(len(column), target), _missed(column, pa.nulls(len(column), pa.bool_()))
    if pa.types.is_boolean(target) or pa.types.is_boolean(given) or pa.types.is_temporal(given):
        return pa.nulls(len(column), target), _missed(column, pa.nulls(len(column), pa.bool_()))
    if pa.types.is_floating(target):
        return _finite(pc.cast(column, pa.float64(), safe=False), None)
    return _from_text(_to_text(column)[0], target)


def _as_temporal(moments: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(moments.type) and moments.type.tz is not None:
        moments = moments.cast(pa.timestamp(moments.type.unit, "UTC")).cast(pa.timestamp(moments.type.unit))
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


def _is_text(kind: pa.DataType) -> bool:
    view = getattr(pa.types, "is_string_view", lambda _: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or view(kind))
