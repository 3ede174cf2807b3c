"""Where the rows of a block end whose quotes plainly open and close values in turns: found by bits, 64 bytes of text a word.

Most blocks are so. Whether a place is inside a value is whether an odd number of quotes stands before it, which needs no offset
of any quote; offsets are made of line ends alone.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.text_dialect import CR, LF, Dialect
from beam_deid.transforms.storage.limits import LONGEST_ROW

Bits = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_PIECE = 512 << 10
"""Bytes that are looked at together: what is made of them stays in the processor's cache, and in memory that is used again."""

_NONE = np.zeros(0, dtype=np.uint64)
_ONE = np.uint64(1)
_LAST = np.uint64(63)
_DOUBLINGS = tuple(np.uint64(1 << power) for power in range(6))
_SHORT = 16
_SET_IN = np.unpackbits(np.arange(1 << _SHORT, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)
"""How many bits are set in each number of 16 bits."""


class Lines(NamedTuple):
    """The lines of a block, of which each is a row or blank.

    Attributes:
        stops: int64 array, shape (n,): offset of each line's end.
        delimiters: int64 array, shape (n,): how many delimiters it has that are not in quotes.
    """

    stops: Places
    delimiters: Places


def plain_lines(data: bytes, end: int, dialect: Dialect, width: int) -> Lines | None:
    """The lines of a block; None where a quote is not plain, or a value in quotes may hold whole rows.

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
    found = []
    start = 0
    while start < end:
        stop = _piece_end(data, start, end)
        lines = _lines_of(array[start:stop], dialect, width)
        if lines is None:
            return None
        found.append(lines._replace(stops=lines.stops + start))
        start = stop
    if not found:
        return Lines(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    stops, delimiters = zip(*found, strict=True)
    return Lines(np.concatenate(stops), np.concatenate(delimiters))


def _piece_end(data: bytes, start: int, end: int) -> int:
    """Where a piece of whole lines ends."""
    if end - start <= _PIECE:
        return end
    before = data.rfind(b"\n", start, start + _PIECE)
    if before < 0:
        before = data.find(b"\n", start + _PIECE, end)
    return before + 1 if before >= 0 else end


def _lines_of(array: npt.NDArray[np.uint8], dialect: Dialect, width: int) -> Lines | None:
    if array[-1] not in (LF, CR):
        array = np.append(array, np.uint8(LF))
    is_end = (array == LF) | (array == CR)
    stops = np.flatnonzero(is_end)
    delimiters = _bits(array == dialect.delimiter)
    quotes = _bits(array == dialect.quote) if dialect.quote is not None else _NONE
    if quotes.any():
        ends = _bits(is_end)
        inside = _odd_until(quotes)
        if not _plain(quotes, inside, delimiters | ends):
            return None
        if (inside & ends).any():
            quoted = _at(inside, stops)
            if len(array) > LONGEST_ROW or quoted[-1] or _like_rows(delimiters, stops, quoted, width):
                return None
            stops = stops[~quoted]
        delimiters &= ~inside
    return Lines(stops, np.diff(_set_before(delimiters, stops), prepend=0))


def _like_rows(delimiters: Bits, stops: Places, quoted: Flags, width: int) -> bool:
    """Whether a line that begins or ends in quotes has as many delimiters, quoted or not, as a row."""
    whole = np.diff(_set_before(delimiters, stops), prepend=0) + 1 == width
    partial = quoted.copy()
    partial[1:] |= quoted[:-1]
    return bool((whole & partial).any())


def _at(bits: Bits, places: Places) -> Flags:
    """Which of the bits at places are set."""
    flags: Flags = (bits[places // 64] >> (places % 64).astype(np.uint64) & _ONE) == _ONE
    return flags


def _bits(flags: npt.NDArray[np.bool_]) -> Bits:
    """Flags as words, the first in the lowest bit; behind the last of them is none."""
    packed = np.packbits(flags, bitorder="little")
    padded = np.zeros(-(-len(packed) // 8) * 8, dtype=np.uint8)
    padded[: len(packed)] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def _odd_until(bits: Bits) -> Bits:
    """Which places have an odd number of bits set up to them, and with them."""
    odd = bits.copy()
    for distance in _DOUBLINGS:
        odd ^= odd << distance
    before = np.bitwise_xor.accumulate(odd >> _LAST)[:-1]
    odd[1:] ^= np.uint64(0) - before
    return odd


def _plain(quotes: Bits, inside: Bits, separators: Bits) -> bool:
    """Whether every quote that opens is behind a separator or a quote that closes, and every other before one that opens."""
    opening = quotes & inside
    closing = quotes & ~inside
    behind = separators | closing
    may_open = behind << _ONE
    may_open[1:] |= behind[:-1] >> _LAST
    may_open[0] |= _ONE  # the block begins with a value
    before = separators | opening
    may_close = before >> _ONE
    may_close[:-1] |= before[1:] << _LAST
    return not ((opening & ~may_open).any() or (closing & ~may_close).any())


def _set_before(bits: Bits, places: Places) -> Places:
    """How many bits are set before each place."""
    shorts = bits.astype("<u8", copy=False).view("<u2")
    until = np.cumsum(_SET_IN[shorts], dtype=np.int64)
    short = places // _SHORT
    bit = (places % _SHORT).astype(np.uint16)
    behind = shorts[short] >> bit << bit
    before: Places = until[short] - _SET_IN[behind]
    return before
