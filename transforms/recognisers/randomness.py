"""Whether letters and digits look random, as base64 does, or like words that are run together."""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import by_size

_CLASS = np.zeros(256, np.uint8)
_CLASS[list(b"abcdefghijklmnopqrstuvwxyz-_")] = 1
_CLASS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = 2
_CLASS[list(b"0123456789")] = 3

# Letters of English text in percent (Lewand: Cryptological Mathematics, 2000), and how often that is what chance would give.
_ENGLISH = (
    8.17,
    1.49,
    2.78,
    4.25,
    12.70,
    2.23,
    2.02,
    6.09,
    6.97,
    0.15,
    0.77,
    4.03,
    2.41,
    6.75,
    7.51,
    1.93,
    0.10,
    5.99,
    6.33,
    9.06,
    2.76,
    0.98,
    2.36,
    0.15,
    1.97,
    0.07,
)
_LETTER = np.zeros(256, np.float32)
_LETTER[97:123] = _LETTER[65:91] = np.log2(26 * np.array(_ENGLISH) / 100)
# Two neighbours are of one class (small, capital, digit, other) with a chance of 0.36 in base64, of some 0.75 in words.
_SAME = np.float32(np.log2(0.75 / 0.36))
_OTHER = np.float32(np.log2(0.25 / 0.64))

WORDLIKE = 2.0
"""Bits of evidence for words from which on a text is taken for them. Of random texts of 22 characters one in 1,500 has more, of
32 one in 20,000."""


def look_random(texts: pa.Array, most: float = WORDLIKE) -> Bools:
    """Which texts look more like base64 of random bytes than like words, by their letters and by how often these change class.

    Args:
        texts: Shape (n,), none null.
        most: Most bits of evidence for words.

    Returns:
        A mask (n,): true where there are no more, and small letters and capitals both occur.
    """
    mask = np.zeros(len(texts), bool)
    for group in by_size(texts):
        if group.size < 2:
            continue
        kinds = _CLASS[group.bytes]
        same = (kinds[:, 1:] == kinds[:, :-1]).sum(axis=1)
        words = _LETTER[group.bytes].sum(axis=1) + same * _SAME + (group.size - 1 - same) * _OTHER
        mask[group.rows] = (words <= most) & (kinds == 1).any(axis=1) & (kinds == 2).any(axis=1)
    return mask
