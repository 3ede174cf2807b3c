"""Whether letters and digits look random, as base64 does, or like words."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.recognisers.screen import Mask

_CLASS = np.zeros(256, np.uint8)
_CLASS[list(b"abcdefghijklmnopqrstuvwxyz-_")] = 1
_CLASS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = 2
_CLASS[list(b"0123456789")] = 3


def look_random(texts: pa.Array, changes: float = 0.29) -> Mask:
    """Which texts change between small letters, capitals, digits and others as often as base64 of random bytes.

    In base64 two neighbours differ with a chance of 0.64, in words that are run together (SummerSale2025) in about 0.3. Of
    22 random characters one text in 2,000 falls below 0.29, of 32 one in 200,000.

    Args:
        texts: Shape (n,), none null.
        changes: Least share of neighbours that differ.

    Returns:
        A mask (n,): true where they do, and small letters and capitals both occur.
    """
    mask = np.zeros(len(texts), bool)
    for group in by_size(texts):
        if group.size < 2:
            continue
        kinds = _CLASS[group.bytes]
        differ = (kinds[:, 1:] != kinds[:, :-1]).sum(axis=1) >= changes * (group.size - 1)
        mask[group.rows] = differ & (kinds == 1).any(axis=1) & (kinds == 2).any(axis=1)
    return mask


def are_padded(texts: pa.Array) -> Mask:
    """Which texts, shape (n,), are as long as base64 can be: no stray character after its last group, nothing behind ``=``."""
    fits = pc.match_substring_regex(texts, r"\A(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?\z")
    return np.asarray(fits.to_numpy(zero_copy_only=False))
