"""Where the rows of a block end whose quotes plainly open and close values in turns: found by bits, 64 bytes of text a word.

Most blocks are so. Whether a place is inside a value is whether an odd number of quotes stands before it, which needs no offset
of any quote; offsets are made of line ends alone. How many values rows have is counted only where somebody asks.
"""

import numpy as np

from beam_deid.transforms.formats.text_bits import (
    Bits,
    Bytes,
    Flags,
    Places,
    at,
    before_each,
    behind_each,
    bits_of,
    line_pieces,
    odd_until,
    set_before,
)
from beam_deid.transforms.formats.text_dialect import CR, LF, Dialect
from beam_deid.transforms.storage.limits import LONGEST_ROW

_NONE = np.zeros(0, dtype=np.int64)
_FIRST = np.uint64(1)


def plain_stops(data: bytes, end: int, dialect: Dialect, width: int) -> Places | None:
    """Offsets of the ends of a block's lines, each a row or blank; None where a quote is not plain, or a value may hold whole rows.

    A quote is plain that opens a value behind a separator, or closes one before a separator, or is doubled in one.

    Args:
        data: The block.
        end: Offset behind its last line; a last line that nothing ends is one of the end of the file.
        dialect: How values are told apart.
        width: Values of a whole row; 0 where that is not known.
    """
    if dialect.backslash and b"\\" in data:
        return None
    array = np.frombuffer(data, np.uint8)
    returns = b"\r" in data
    found = [_NONE]
    for start, stop in line_pieces(data, end):
        stops = _stops_in(_ended(array[start:stop]), returns, dialect, width)
        if stops is None:
            return None
        found.append(stops + start)
    return np.concatenate(found)


def plain_counts(data: bytes, end: int, dialect: Dialect, stops: Places) -> Places:
    """How many values each row of a block has of which `plain_stops` told the ends.

    Args:
        data: The block.
        end: Offset behind its last line.
        dialect: How values are told apart.
        stops: int64 array, shape (n,): the ends of the rows, ascending.
    """
    array = np.frombuffer(data, np.uint8)
    found = [_NONE]
    before = 0
    for start, stop in line_pieces(data, end):
        piece = _ended(array[start:stop])
        delimiters = bits_of(piece == dialect.delimiter)
        if dialect.quote is not None:
            delimiters &= ~odd_until(bits_of(piece == dialect.quote))
        bounds = np.searchsorted(stops, [start, start + len(piece)])
        here = stops[bounds[0] : bounds[1]] - start
        found.append(before + set_before(delimiters, np.append(here, len(piece) - 1)))
        before = int(found[-1][-1])
        found[-1] = found[-1][:-1]
    delimiters_before: Places = np.concatenate(found)
    delimiters_before[1:] -= delimiters_before[:-1].copy()
    return delimiters_before + 1


def _ended(array: Bytes) -> Bytes:
    """A piece with an end of its last line."""
    return array if array[-1] in (LF, CR) else np.append(array, np.uint8(LF))


def _stops_in(array: Bytes, returns: bool, dialect: Dialect, width: int) -> Places | None:
    is_end = array == LF
    if returns:
        is_end |= array == CR
    stops = np.flatnonzero(is_end)
    if dialect.quote is None:
        return stops
    quotes = bits_of(array == dialect.quote)
    if not np.bitwise_or.reduce(quotes):
        return stops
    delimiters = array == dialect.delimiter
    is_end |= delimiters
    inside = odd_until(quotes)
    if not _plain(quotes, inside, bits_of(is_end)):
        return None
    quoted = at(inside, stops)
    if not quoted.any():
        return stops
    if len(array) > LONGEST_ROW or quoted[-1] or _like_rows(bits_of(delimiters), stops, quoted, width):
        return None
    return stops[~quoted]


def _like_rows(delimiters: Bits, stops: Places, quoted: Flags, width: int) -> bool:
    """Whether a line that begins or ends in quotes has as many delimiters, quoted or not, as a row."""
    whole = np.diff(set_before(delimiters, stops), prepend=0) + 1 == width
    partial = quoted.copy()
    partial[1:] |= quoted[:-1]
    return bool((whole & partial).any())


def _plain(quotes: Bits, inside: Bits, separators: Bits) -> bool:
    """Whether every quote that opens is behind a separator or a quote that closes, and every other before one that opens."""
    opening = quotes & inside
    closing = quotes ^ opening
    may_open = before_each(separators | closing)
    may_open[0] |= _FIRST  # the block begins with a value
    may_close = behind_each(separators | opening)
    wrong = (opening & ~may_open) | (closing & ~may_close)
    return not np.bitwise_or.reduce(wrong)
