"""Text columns made whole: picked from tables, joined, or laid out as fixed-width bytes."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.synthetic.chance import Index

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CHARACTERS = 10  # of 6 bits each, from one 64-bit word


def table(words: Sequence[str]) -> pa.Array:
    """A table to pick from: a string array."""
    return pa.array(words, pa.string())


def picked(words: pa.Array, numbers: Index) -> pa.Array:
    """The word of each number (n,): a string array of length n."""
    return words.take(pa.array(numbers))


def joined(*parts: pa.Array) -> pa.Array:
    """The parts' texts one after another, row by row; null where a part is null."""
    return pc.binary_join_element_wise(*parts, "")


def digits(numbers: Index, width: int) -> pa.Array:
    """Whole numbers (n,), from 0, as text of ``width`` digits with leading zeros, higher digits cut off."""
    groups = -(-width // 4)
    quads = np.empty((len(numbers), groups), dtype="<u4")
    rest = numbers
    for place in reversed(range(groups)):
        rest, low = np.divmod(rest, 10_000)
        quads[:, place] = _four_digits()[low]
    return fixed_width(quads.view(np.uint8)[:, groups * 4 - width :])


def letters(words: Sequence[Fingerprints]) -> pa.Array:
    """Random words, each (n,) uint64, as base64url-like text: ten characters for each word."""
    pairs = np.empty((len(words[0]), len(words) * _CHARACTERS // 2), dtype="<u2")
    for place in range(pairs.shape[1]):
        word, shift = divmod(place, _CHARACTERS // 2)
        pairs[:, place] = _two_letters()[(words[word] >> np.uint64(4 + 12 * shift)) & np.uint64(0xFFF)]
    return fixed_width(pairs.view(np.uint8))


def fixed_width(matrix: npt.NDArray[np.uint8]) -> pa.Array:
    """ASCII bytes, shape (n, width), as a string array of length n."""
    rows, width = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(matrix)
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


@lru_cache(maxsize=1)
def _four_digits() -> npt.NDArray[np.uint32]:
    return np.frombuffer("".join(f"{n:04d}" for n in range(10_000)).encode(), dtype="<u4")


@lru_cache(maxsize=1)
def _two_letters() -> npt.NDArray[np.uint16]:
    return np.frombuffer(b"".join(bytes((a, b)) for a in _ALPHABET for b in _ALPHABET), dtype="<u2")
