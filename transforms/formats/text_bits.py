"""Places of bytes in a block of text as bits, 64 a word, the first in the lowest bit; and pieces in which a block is looked at."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_PIECE = 512 << 10
"""Bytes that are looked at together: what is made of them stays in the processor's cache, and in memory that is used again."""

_ONE = np.uint64(1)
_LAST = np.uint64(63)
_DOUBLINGS = tuple(np.uint64(1 << power) for power in range(6))
_SET_IN = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits are set in each octet."""


def line_pieces(data: bytes, end: int) -> Iterator[tuple[int, int]]:
    """Cut a block behind line feeds into pieces: offsets of each piece, and behind it; the last ends at ``end``."""
    start = 0
    while start < end:
        stop = _piece_end(data, start, end)
        yield start, stop
        start = stop


def _piece_end(data: bytes, start: int, end: int) -> int:
    if end - start <= _PIECE:
        return end
    before = data.rfind(b"\n", start, start + _PIECE)
    if before < 0:
        before = data.find(b"\n", start + _PIECE, end)
    return before + 1 if before >= 0 else end


def bits_of(flags: Flags) -> Bits:
    """Flags as bits; those behind the last of them are not set."""
    packed = np.packbits(flags, bitorder="little")
    padded = np.zeros(-(-len(packed) // 8) * 8, dtype=np.uint8)
    padded[: len(packed)] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def flags_of(bits: Bits, count: int) -> Flags:
    """The first so many bits as flags."""
    octets = bits.astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, count=count, bitorder="little").view(np.bool_)


def odd_until(bits: Bits) -> Bits:
    """Which places have an odd number of bits set up to them, and with them."""
    odd = bits.copy()
    for distance in _DOUBLINGS:
        odd ^= odd << distance
    before = np.bitwise_xor.accumulate(odd >> _LAST)[:-1]
    odd[1:] ^= np.uint64(0) - before
    return odd


def at(bits: Bits, places: Places) -> Flags:
    """Which of the bits at places are set."""
    flags: Flags = (bits[places // 64] >> (places % 64).astype(np.uint64) & _ONE) == _ONE
    return flags


def before_each(bits: Bits) -> Bits:
    """Which places have a bit set right before them; none is before the first."""
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _LAST
    return moved


def behind_each(bits: Bits) -> Bits:
    """Which places have a bit set right behind them; none is behind the last."""
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _LAST
    return moved


def set_before(bits: Bits, places: Places) -> Places:
    """How many bits are set before each place."""
    octets = bits.astype("<u8", copy=False).view(np.uint8)
    until = np.cumsum(_SET_IN[octets], dtype=np.int64)
    octet = places // 8
    bit = (places % 8).astype(np.uint8)
    behind = octets[octet] >> bit << bit
    before: Places = until[octet] - _SET_IN[behind]
    return before
