"""A glance at the footer of a Parquet file for what ends the process once Arrow meets it, which then cannot be caught.

Arrow ends there where a column's histogram of levels has another length than its levels have, as after a flipped bit. What the
glance cannot follow is taken for damage; footers that are encrypted or very long are left to Arrow.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TAIL = 8  # the footer's length in four bytes, and a mark
_MARK = b"PAR1"
_MOST_BYTES = 4 << 20
"""Of a longer footer nothing is looked at: it would take longer than to read the file."""

# fields as the format numbers them, from the footer down to a column's histograms
_ROW_GROUPS = 4
_COLUMNS = 1
_ABOUT = 3
_SIZES = 16
_REPETITION = 2
_DEFINITION = 3

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY = 1, 2, 3, 7, 8
_NUMBERS = (4, 5, 6)
_LISTS = (9, 10)
_STRUCT = 12


def is_sound(stream: pa.NativeFile, facts: pq.FileMetaData) -> bool:
    """Whether Arrow can tell about every column of a file without ending the process.

    Args:
        stream: The file.
        facts: Its footer, of which Arrow has told nothing about columns yet.
    """
    described = [facts.schema.column(index) for index in range(facts.num_columns)]
    levels = [(one.max_repetition_level, one.max_definition_level) for one in described]
    try:
        return all(
            _fits(about, *levels[index]) for columns in _row_groups(stream) for index, about in enumerate(columns)
        )
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return False


def _row_groups(stream: pa.NativeFile) -> Iterator[list[dict[int, Any]]]:
    """What the footer says of the columns of each row group."""
    size = stream.size()
    stream.seek(size - _TAIL)
    tail = stream.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MARK or length > _MOST_BYTES:
        return
    stream.seek(size - _TAIL - length)
    footer, _ = _struct(stream.read(length), 0)
    for group in footer[_ROW_GROUPS]:
        yield [column.get(_ABOUT, {}) for column in group[_COLUMNS]]


def _fits(about: dict[int, Any], repetition: int, definition: int) -> bool:
    sizes = about.get(_SIZES, {})
    levels = ((_REPETITION, repetition), (_DEFINITION, definition))
    return all(len(sizes.get(field, ())) in (0, most + 1) for field, most in levels)


def _struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """The fields of a Thrift struct in compact form, and where it ends; texts are None."""
    found: dict[int, Any] = {}
    field = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            field, at = _number(data, at)
        kind = head & 15
        if kind in (_TRUE, _FALSE):
            found[field] = kind == _TRUE
        else:
            found[field], at = _value(data, at, kind)
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _NUMBERS:
        return _number(data, at)
    if kind == _BINARY:
        length, at = _unsigned(data, at)
        return None, at + length
    if kind == _STRUCT:
        return _struct(data, at)
    if kind in _LISTS:
        return _list(data, at)
    if kind == _DOUBLE:
        return None, at + 8
    if kind in (_TRUE, _FALSE, _BYTE):
        return None, at + 1
    raise ValueError("no kind of a footer's fields")


def _list(data: bytes, at: int) -> tuple[list[Any], int]:
    head = data[at]
    at += 1
    length = head >> 4
    if length == 15:
        length, at = _unsigned(data, at)
    if length > len(data) - at:
        raise ValueError("longer than the footer")
    found = []
    for _ in range(length):
        value, at = _value(data, at, head & 15)
        found.append(value)
    return found, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A whole number in zigzag form, and where it ends."""
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A whole number that is not negative, and where it ends."""
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at += 1
        shift += 7
    return value | data[at] << shift, at + 1
