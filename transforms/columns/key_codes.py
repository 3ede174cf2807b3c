"""Distinct keys of a column: numbered, counted and sorted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import Fingerprints

Result = TypeVar("Result")
_MANY = 1 << 18
"""Number of keys from which on two threads sort them."""


def codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    """Number the distinct keys by first appearance.

    Args:
        keys: The keys, shape (n,).

    Returns:
        ``(codes, distinct)`` of shapes (n,), int64, and (d,), with ``distinct[codes] == keys``.
    """
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_numpy()


def first_rows(numbers: npt.NDArray[np.int64], distinct: int) -> npt.NDArray[np.int64]:
    """Find the first row of each code.

    Args:
        numbers: The code of each row, shape (n,); every number below ``distinct`` occurs.
        distinct: The number of codes, d.

    Returns:
        Row indices, shape (d,), int64, with ``numbers[first_rows(numbers, d)] == arange(d)``.
    """
    rows = np.empty(distinct, dtype=np.int64)
    rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1, dtype=np.int64)
    return rows


def ordered_codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    """Number the distinct keys in ascending order, so that the codes do not depend on the order of the rows.

    Args:
        keys: The keys, shape (n,).

    Returns:
        ``(codes, distinct)`` as in `codes`, with ``distinct`` ascending.
    """
    if len(keys) < _MANY:
        return _ordered_codes(keys)
    (low, below), (high, above) = _halves(_ordered_codes, keys)
    numbers = np.empty(len(keys), np.int64)
    is_low = _is_low(keys)
    numbers[is_low] = low
    numbers[~is_low] = high + len(below)
    return numbers, np.concatenate([below, above])


def _ordered_codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    numbers, distinct = codes(keys)
    order = np.argsort(distinct)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[numbers], distinct[order]


def runs(keys: Fingerprints) -> tuple[Fingerprints, npt.NDArray[np.int64]]:
    """Count the distinct keys. This is faster than `codes` where the code of each row is not needed.

    Args:
        keys: The keys, shape (n,).

    Returns:
        The distinct keys, ascending, and how often each occurs, int64, both of shape (d,).
    """
    ordered = _sorted(keys)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    return ordered[begins], np.diff(begins, append=len(ordered))


def _sorted(keys: Fingerprints) -> Fingerprints:
    return np.sort(keys) if len(keys) < _MANY else np.concatenate(_halves(np.sort, keys))


def _halves(function: Callable[[Fingerprints], Result], keys: Fingerprints) -> list[Result]:
    """Apply a function to the lower and to the higher keys in two threads. Keys are uniform, so the halves are about equal."""
    low = _is_low(keys)
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda half: function(keys[half]), (low, ~low)))


def _is_low(keys: Fingerprints) -> npt.NDArray[np.bool_]:
    return np.asarray(keys < np.uint64(1 << 63))
