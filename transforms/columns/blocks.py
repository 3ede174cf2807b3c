"""Short values as single AES blocks: eight bytes of the value, and a word that says what the value is.

A block is 16 bytes (FIPS 197). Half of what AES makes of it is the value's fingerprint.
"""

from enum import IntEnum

import numpy as np

from beam_deid.transforms.columns.aes import Aes
from beam_deid.transforms.columns.sizes import Bytes, Rows, Words

_TAIL = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], dtype=np.uint64)
LONGEST = 15
"""The longest string in bytes that fits into one block, whose last byte is taken by size and class."""
SLICE = 1 << 14
"""Rows that are encrypted together, so that they stay in the processor's cache."""


class ValueClass(IntEnum):
    """The last byte of a block: the class of the value. For strings, the low four bits hold the size in bytes."""

    TEXT = 0x00
    BYTES = 0x10
    NULL = 0x20
    INTEGER = 0x21
    LARGE_INTEGER = 0x22
    FLOAT = 0x23
    BOOLEAN = 0x24
    DECIMAL = 0x25
    DATE = 0x26
    TIME = 0x27
    MOMENT = 0x28
    ZONED_MOMENT = 0x29
    DURATION = 0x2A


def string_blocks(data: Bytes, starts: Rows, sizes: Rows, which: ValueClass) -> Words:
    """Pack short strings into blocks: the bytes of the string, then zeros, and its size and class in the last byte.

    Args:
        data: The bytes of all strings.
        starts: Offset of each string in ``data``, shape (m,).
        sizes: Size of each string in bytes, shape (m,). The block of a string longer than `LONGEST` is meaningless.
        which: The class of the strings.

    Returns:
        The blocks, shape (m, 2), dtype uint64.
    """
    padded = np.empty(len(data) + 16, np.uint8)
    padded[: len(data)] = data
    padded[len(data) :] = 0
    blocks = np.empty((len(starts), 2), np.uint64)
    size = int(sizes[0])
    together = int(starts[-1] - starts[0]) == (len(starts) - 1) * size
    if size <= LONGEST and together and (sizes == size).all():
        # Strings of one size that lie one behind the other are read by a strided view, without an index.
        for place, left in enumerate((min(size, 8), max(size - 8, 0))):
            read = np.ndarray((len(starts),), "<u8", buffer=padded, offset=int(starts[0]) + 8 * place, strides=(size,))
            np.bitwise_and(read, _TAIL[left], out=blocks[:, place])
        blocks[:, 1] |= class_tag(which | size)
        return blocks
    # words[i] is the eight bytes that begin at byte i; loads need not be aligned.
    words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
    blocks[:, 0] = words[starts] & _TAIL[np.minimum(sizes, 8)]
    blocks[:, 1] = words[starts + 8] & _TAIL[np.clip(sizes - 8, 0, 7)]
    blocks[:, 1] |= _tags(which)[np.minimum(sizes, LONGEST)]
    return blocks


def _tags(which: ValueClass) -> Words:
    """The tag of strings of each size from 0 to `LONGEST` bytes, shape (LONGEST + 1,)."""
    return np.array([which | size for size in range(LONGEST + 1)], np.uint64) << np.uint64(56)


def class_tag(which: int) -> np.uint64:
    """Return the second word of a block, whose last byte is the class of the value."""
    return np.uint64(which << 56)


def word_fingerprints(key: bytes, words: Words, tags: Words | np.uint64) -> Words:
    """Compute the fingerprints of values of eight bytes each.

    Args:
        key: The AES key of short values, 16 bytes.
        words: The values, shape (n,), dtype uint64.
        tags: The tag of all values, or one for each, shape (n,): see `class_tag`.

    Returns:
        The fingerprints, shape (n,), dtype uint64.
    """
    keys = np.empty(len(words), np.uint64)
    aes = Aes(key)
    blocks = np.empty((min(len(words), SLICE), 2), np.uint64)
    for begin in range(0, len(words), SLICE):
        part = words[begin : begin + SLICE]
        blocks[: len(part), 0] = part
        blocks[: len(part), 1] = tags[begin : begin + SLICE] if isinstance(tags, np.ndarray) else tags
        keys[begin : begin + SLICE] = aes(blocks[: len(part)])[:, 0]
    return keys
