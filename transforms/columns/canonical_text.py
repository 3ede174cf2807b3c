"""Columns of any type as text, one spelling for each value, so that equal values have equal keyed hashes."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text, plain
from beam_deid.transforms.errors import UsageError

_FRACTION_ZEROS = r"(\.[0-9]*?)0+$"


def canonical_text(column: pa.Array) -> pa.Array:
    """The column as plain text of the same length; null stays null.

    Text is taken as it is. Integers and decimals are written in digits, without zeros at the end of a fraction;
    floats in the shortest form that reads back equal; dates and times as ISO 8601 writes them, those with a zone
    in UTC with a Z at the end; so unit, scale and width of a type do not show.

    Raises:
        UsageError: The type is none that a text stands for (nested, binary).
    """
    column = plain(column)
    kind = column.type
    if is_text(kind):
        return column
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
        return pc.binary_join_element_wise(_trimmed(column.cast(pa.string())), "Z", "")
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_decimal(kind) or pa.types.is_time(kind):
        return _trimmed(column.cast(pa.string()))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.cast(pa.string())
    raise UsageError(f"a column of type {kind} cannot be read as text", next_step="Give the field a kind")


def _trimmed(texts: pa.Array) -> pa.Array:
    # 10.50 and 10.500 are one number, 12:00:00.000 and 12:00:00 one time.
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, _FRACTION_ZEROS, r"\1"), r"\.$", "")
