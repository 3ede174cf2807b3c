"""What Brazil's two numbers of tax payers have in common: two check digits behind weighted sums modulo 11."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import by_size

Weights = npt.NDArray[np.int64]


def are_checked(texts: pa.Array, first: Weights, second: Weights) -> Bools:
    """Which texts (n,), none null, end in a number with the right check digits, separators left out.

    Args:
        texts: Texts that the number's pattern matches, which may begin with a word that says what it is.
        first: Weights of the characters before the first check digit, shape (k,).
        second: Those of the characters before the second, shape (k + 1,).
    """
    size = len(second) + 1
    plain = pc.utf8_slice_codeunits(pc.replace_substring_regex(texts, "[^0-9A-Z]", ""), -size)
    mask = np.zeros(len(texts), bool)
    for group in by_size(plain):
        if group.size == size:
            values = group.bytes.astype(np.int64) - ord("0")
            # A number of one character throughout passes, and is what people write who give none.
            several = (values != values[:, :1]).any(axis=1)
            mask[group.rows] = several & _fits(values, first, -2) & _fits(values, second, -1)
    return mask


def _fits(values: npt.NDArray[np.int64], weights: Weights, place: int) -> Bools:
    """Whether the check digit in a place follows from what stands before it, shape (m,); a remainder of ten is told as zero."""
    wanted = -(values[:, : len(weights)] @ weights) % 11 % 10
    return np.asarray(wanted == values[:, place])


def is_checked(text: str, first: Weights, second: Weights) -> bool:
    """The same for one text."""
    return bool(are_checked(pa.array([text]), first, second)[0])
