"""One type for a column that comes in pieces with types of their own."""

from collections.abc import Iterable

import pyarrow as pa

_RESOLUTIONS = ("s", "ms", "us", "ns")


def one_type(types: Iterable[pa.DataType]) -> pa.DataType | None:
    """The least type that holds the values of all: null < whole numbers < floating ones; None if there is none.

    Text is text however it is laid out. It goes together with nothing else, and so do truth values: which of ``"1"``, ``1``
    and true are one value is for the policy to say, by a kind.
    """
    found = {_plain(one) for one in types}
    found.discard(pa.null())
    if len(found) <= 1:
        return next(iter(found), pa.null())
    if all(map(pa.types.is_unsigned_integer, found)):
        return pa.uint64()
    if all(map(pa.types.is_integer, found)):
        return pa.int64()
    if all(pa.types.is_integer(one) or pa.types.is_floating(one) for one in found):
        return pa.float64()
    if all(map(pa.types.is_decimal, found)):
        return _decimal(found)
    if all(map(pa.types.is_timestamp, found)) and len({one.tz for one in found}) == 1:
        finest = max((one.unit for one in found), key=_RESOLUTIONS.index)
        return pa.timestamp(finest, next(iter(found)).tz)
    return None


def exactly(column: pa.Array, target: pa.DataType) -> pa.Array:
    """A column in the type that `one_type` found for it; text that comes dictionary-encoded stays so.

    Args:
        column: The column, shape (n,).
        target: The type.

    Raises:
        ArrowInvalid: A value would not be the same in it.
    """
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), target)
    if isinstance(column, pa.DictionaryArray):
        if column.type.value_type == target == pa.string():
            return column
        column = column.dictionary_decode()
    return column if column.type == target else column.cast(target)


def _plain(given: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(given):
        given = given.value_type
    view = getattr(pa.types, "is_string_view", lambda _: False)
    return pa.string() if pa.types.is_large_string(given) or view(given) else given


def _decimal(found: set[pa.DataType]) -> pa.DataType | None:
    places = max(one.scale for one in found)
    digits = places + max(one.precision - one.scale for one in found)
    if digits > 76:
        return None
    return pa.decimal128(digits, places) if digits <= 38 else pa.decimal256(digits, places)
