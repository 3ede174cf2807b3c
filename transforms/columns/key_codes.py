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
_SAMPLE = 1 << 13
"""Keys, about, that are looked at to see whether keys repeat."""
_RARE = 0.25
"""From this share of distinct keys on a sort numbers them more quickly than a hash table."""


def codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    """Number the distinct keys, in any order.

    Args:
        keys: The keys, shape (n,).

    Returns:
        ``(codes, distinct)`` of shapes (n,), int64, and (d,), with ``distinct[codes] == keys``.
    """
    found = _codes_by_sorting(keys) if hardly_repeat(keys, _RARE) else None
    if found is not None:
        return found
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_numpy()


def hardly_repeat(keys: Fingerprints, share: float) -> bool:
    """Whether keys are many, and more than a share of a sample of them are distinct.

    Args:
        keys: The keys, shape (n,).
        share: The share, from 0 to 1.
    """
    if len(keys) <= _SAMPLE:
        return False
    # Equal keys are in the sample together or not at all, so its share of distinct ones is that of all rows. All keys of a
    # bucket have the same high bits, so the low ones choose.
    apart = np.uint64((1 << (len(keys) // _SAMPLE).bit_length()) - 1)
    sample = np.sort(keys[keys & apart == 0])
    return len(sample) > 0 and 1 + int(np.count_nonzero(sample[1:] != sample[:-1])) > share * len(sample)


def _codes_by_sorting(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints] | None:
    """Number keys by one sort, which is quicker than a hash table where most are distinct; None where that would not be exact.

    A row's number takes the place of its key's high bits, which all keys of a bucket may have in common, so that the sort tells
    where each key is. Different keys with equal low bits may lie between each other then.
    """
    width = np.uint64(len(keys).bit_length())
    ordered = keys << width
    ordered |= np.arange(len(keys), dtype=np.uint64)
    ordered.sort()
    rows = (ordered & ((np.uint64(1) << width) - np.uint64(1))).view(np.int64)
    ordered >>= width
    whole = keys[rows]
    first = np.ones(len(keys), np.bool_)
    np.not_equal(whole[1:], whole[:-1], out=first[1:])
    if not np.array_equal(first[1:], ordered[1:] != ordered[:-1]):
        return None
    numbers = np.empty(len(keys), np.int64)
    numbers[rows] = np.cumsum(first) - 1
    return numbers, whole[first]


def narrow(numbers: npt.NDArray[np.integer], many: int) -> npt.NDArray[np.integer]:
    """Numbers from 0 below ``many``, shape (n,), in the smallest type that holds them."""
    return numbers.astype(np.min_scalar_type(max(many - 1, 0)), copy=False)


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
