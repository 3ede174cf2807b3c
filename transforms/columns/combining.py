"""Fingerprints combined into one key a row, and scrambled.

Both use splitmix64's finalizer (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). It is no
cryptography, and need not be: the fingerprints that go in are secret already.
"""

from collections.abc import Iterable

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints

_START = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SLICE = 1 << 14
"""Rows that are mixed together, so that they stay in the processor's cache."""


def mix(keys: Fingerprints) -> Fingerprints:
    """Scramble keys in place by a bijection.

    Args:
        keys: The keys, shape (n,), dtype uint64; overwritten.

    Returns:
        The same array.
    """
    scratch = np.empty(min(len(keys), _SLICE), np.uint64)
    for begin in range(0, len(keys), _SLICE):
        _mix(keys[begin : begin + _SLICE], scratch)
    return keys


def _mix(keys: Fingerprints, scratch: Fingerprints) -> None:
    scratch = scratch[: len(keys)]
    np.right_shift(keys, np.uint64(30), out=scratch)
    keys ^= scratch
    keys *= _FIRST
    np.right_shift(keys, np.uint64(27), out=scratch)
    keys ^= scratch
    keys *= _SECOND
    np.right_shift(keys, np.uint64(31), out=scratch)
    keys ^= scratch


def combine(columns: Iterable[Fingerprints], length: int) -> Fingerprints:
    """Combine several columns into one key a row. The order of the columns matters.

    Args:
        columns: The columns, each of shape (length,), dtype uint64; there may be none.
        length: The number of rows.

    Returns:
        The keys, shape (length,), dtype uint64.
    """
    keys = np.full(length, _START, dtype=np.uint64)
    columns = tuple(columns)
    scratch = np.empty(min(length, _SLICE), np.uint64)
    for begin in range(0, length, _SLICE):
        part = keys[begin : begin + _SLICE]
        for column in columns:
            part *= _FIRST
            part += column[begin : begin + _SLICE]
            _mix(part, scratch)
    return keys
