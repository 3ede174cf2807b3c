"""A glance at the pages of a Parquet column: that all values of a dictionary are short, and how large the pages are.

Nearly all dictionaries are like that, and Arrow tells how long the values are only after it has hashed them, which takes as
long as reading the column. What the glance does not understand it leaves to Arrow.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.storage.limits import LARGEST_VALUE

SHORT = 256
"""Values of fewer bytes are short: the upper three bytes of their lengths are zero."""

_CODECS = {"SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd", "BROTLI": "brotli"}
_DICTIONARY_PAGE = 2
# fields of a page's header, as the format numbers them
_TYPE = 1
_UNPACKED = 2
_PACKED = 3
_LENGTH = 4  # bytes before each value
_HEADER_BYTES = 1 << 12
_MOST_PAGES = 2_000


def all_short(stream: pa.NativeFile, column: pq.ColumnChunkMetaData) -> bool:
    """Whether no value in the dictionary of a column of text is longer than 255 bytes; False where that is not known.

    Args:
        stream: The file.
        column: What the footer says of the column in one row group.
    """
    if not column.has_dictionary_page or column.physical_type != "BYTE_ARRAY":
        return False
    length = column.data_page_offset - column.dictionary_page_offset
    if not 0 < length <= LARGEST_VALUE:
        return False
    stream.seek(column.dictionary_page_offset)
    values = _values(stream.read(length), column.compression)
    return values is not None and _are_short(values)


def longest_page(stream: pa.NativeFile, column: pq.ColumnChunkMetaData) -> int:
    """Bytes of a column's longest page in one row group, unpacked; of all of them together where that is not known.

    Args:
        stream: The file.
        column: What the footer says of the column in one row group.
    """
    at = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
    end = at + column.total_compressed_size
    longest = 0
    try:
        for _ in range(_MOST_PAGES):
            if at >= end:
                return longest
            stream.seek(at)
            header, length = _struct(stream.read(min(_HEADER_BYTES, end - at)), 0)
            longest = max(longest, header[_UNPACKED], header[_PACKED])
            at += length + max(header[_PACKED], 0)
    except (IndexError, KeyError, ValueError, OSError, RecursionError, pa.ArrowException):
        pass
    return int(column.total_uncompressed_size)


def _values(page: bytes, compression: str) -> npt.NDArray[np.uint8] | None:
    """The plain bytes of a dictionary page, or None where it is none that we know."""
    try:
        header, start = _struct(page, 0)
        size = header[_UNPACKED]
        body = page[start : start + header[_PACKED]]
        if header[_TYPE] != _DICTIONARY_PAGE or not 0 < size <= LARGEST_VALUE:
            return None
        if compression != "UNCOMPRESSED":
            body = pa.decompress(body, size, codec=_CODECS[compression])
    except (IndexError, KeyError, ValueError, OSError, RecursionError, pa.ArrowException):
        return None
    return np.frombuffer(body, np.uint8)


def _are_short(values: npt.NDArray[np.uint8]) -> bool:
    """Whether values with their lengths before them are all short: they lead from one to the next, and to the end.

    The length of a short value is a byte and three zeros. Not all such places are lengths, but those are that the first one
    leads to.
    """
    size = len(values)
    if size < _LENGTH:
        return False
    zero = values == 0
    starts = np.flatnonzero(zero[1 : size - 2] & zero[2 : size - 1] & zero[3:])
    ends = starts + _LENGTH + values[starts]
    led_to = np.zeros(size + SHORT + _LENGTH, bool)
    led_to[ends] = led_to[0] = True
    kept = led_to[starts]
    starts = starts[kept]
    ends = ends[kept]
    return bool(len(starts) and starts[0] == 0 and ends[-1] == size and np.array_equal(starts[1:], ends[:-1]))


def _struct(data: bytes, at: int) -> tuple[dict[int, int], int]:
    """The whole numbers of a Thrift struct in compact form by field, and where it ends.

    Raises:
        ValueError: It has a field that page headers do not have.
        IndexError: It is cut off.
    """
    found: dict[int, int] = {}
    field = 0
    while head := data[at]:
        step = head >> 4
        kind = head & 15
        field = field + step
        at = at + 1
        if step and kind in (4, 5, 6):
            found[field], at = _number(data, at)
        elif step and kind == 12:
            _, at = _struct(data, at)
        elif step and kind == 8:
            length, at = _unsigned(data, at)
            at += length
        elif not step or kind not in (1, 2):
            raise ValueError("no field of a page header")
    return found, at + 1


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A whole number in zigzag form, and where it ends."""
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A whole number that is not negative, and where it ends."""
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at = at + 1
        shift = shift + 7
    return value | data[at] << shift, at + 1
