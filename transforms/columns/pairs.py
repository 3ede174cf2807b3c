"""Pairs of a key and a value, counted by sorting: rows are spread over buckets that fit the processor's cache.

Within a bucket all keys begin with the same bits, so that a number below 2¹² takes their place: a pair is one 64-bit integer,
exactly, and one sort tells keys, pairs and how often both occur. Both steps run on two threads.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, ordered_codes

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer]

_SLICE = 1 << 17
"""Rows that are spread together."""
_MANY = 1 << 16
"""From so many rows on they are spread."""
_FEW_BITS = 8
_MOST_BITS = 12
_THREADS = 2


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs, by key and then by value.

    Attributes:
        keys: The distinct keys, shape (k,), ascending.
        key_rows: How many rows have each key, shape (k,), int64.
        begins: First pair of each key, shape (k,), int64.
        value: Number of each pair's value, shape (pairs,).
        rows: How many rows have each pair, shape (pairs,).
    """

    keys: Fingerprints
    key_rows: Numbers
    begins: Numbers
    value: Codes
    rows: Codes


def few_codes(keys: Fingerprints) -> tuple[Codes, Fingerprints]:
    """Number the distinct keys in ascending order, where they are few beside (n,) rows: codes of 16 bits where these will do."""
    if len(keys) < _MANY:
        return ordered_codes(keys)
    slices = _slices(len(keys))

    with ThreadPoolExecutor(_THREADS) as threads:
        parts = list(threads.map(lambda rows: codes(keys[rows]), slices))
        distinct = np.unique(np.concatenate([np.empty(0, np.uint64), *(one for _, one in parts)]))
        small = len(distinct) <= 1 << 16
        numbers: Codes = np.empty(len(keys), np.uint16) if small else np.empty(len(keys), np.int64)

        def placed(rows: slice, part: tuple[Codes, Fingerprints]) -> None:
            numbers[rows] = np.searchsorted(distinct, part[1]).astype(numbers.dtype)[part[0]]

        list(threads.map(placed, slices, parts))
    return numbers, distinct


def count_pairs(keys: Fingerprints, values: Codes, many: int) -> Pairs:
    """Count the pairs that occur.

    Args:
        keys: Key of each row, shape (n,).
        values: Number of each row's value, below ``many``, shape (n,).
        many: How many values there are.
    """
    bits = max(many - 1, 1).bit_length()
    if len(keys) < _MANY:
        return Pairs(*_bucket([(keys, values, np.array([0, len(keys)]))], 0, 0, bits))
    spread = max(bits, _FEW_BITS) if bits <= _MOST_BITS else _FEW_BITS

    def part(rows: slice) -> tuple[Fingerprints, Codes, Numbers]:
        bucket = (keys[rows] >> np.uint64(64 - spread)).astype(np.uint8 if spread <= _FEW_BITS else np.uint16)
        order = np.argsort(bucket, kind="stable")  # by counting: these are small integers
        cuts = np.cumsum(np.bincount(bucket, minlength=1 << spread))
        return keys[rows][order], values[rows][order], np.concatenate([[0], cuts])

    with ThreadPoolExecutor(_THREADS) as threads:
        parts = list(threads.map(part, _slices(len(keys))))
        each = -(-(1 << spread) // (8 * _THREADS))
        counted = list(
            threads.map(
                lambda first: [_bucket(parts, one, spread, bits) for one in range(first, first + each)],
                range(0, 1 << spread, each),
            )
        )
    distinct, own, begins, value, rows = zip(*(one for some in counted for one in some), strict=True)
    pairs_before = np.cumsum([0, *map(len, value)])
    for first, there in zip(begins, pairs_before[:-1], strict=True):
        first += there
    whole = map(np.concatenate, (distinct, own, begins, value, rows))
    return Pairs(*whole)


def _bucket(
    parts: Sequence[tuple[Fingerprints, Codes, Numbers]], bucket: int, spread: int, bits: int
) -> tuple[Fingerprints, Numbers, Numbers, Codes, Codes]:
    """Distinct keys with their rows and the first pair of each; value and rows of each pair."""
    keys = np.concatenate([keys[cuts[bucket] : cuts[bucket + 1]] for keys, _, cuts in parts])
    values = np.concatenate([of[cuts[bucket] : cuts[bucket + 1]] for _, of, cuts in parts]).astype(np.uint64)
    width = np.uint64(bits)
    if bits <= spread:
        keys <<= width  # what falls off is the bucket's own number
        keys |= values
        keys.sort()
        pairs, starts = _first(keys)
        above = pairs >> width
        distinct, begins = _first(above)
        distinct |= np.uint64(bucket << (64 - spread))
    else:  # too many values: the number of a key within its bucket takes its place
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        distinct, first = _first(keys)
        numbers = np.repeat(np.arange(len(distinct), dtype=np.uint64), np.diff(first, append=len(keys)))
        numbers <<= width
        numbers |= values[order]
        numbers.sort()
        pairs, starts = _first(numbers)
        _, begins = _first(pairs >> width)
    ends = np.append(starts, len(keys))
    own = np.diff(ends[np.append(begins, len(pairs))])
    pairs &= np.uint64((1 << bits) - 1)
    return distinct, own, begins, pairs.astype(np.uint16 if bits <= 16 else np.int64), np.diff(ends).astype(np.int32)


def _first(ordered: Fingerprints) -> tuple[Fingerprints, Numbers]:
    """The distinct keys of an ordered array, and where each begins."""
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    return ordered[begins], begins


def _slices(rows: int) -> list[slice]:
    return [slice(begin, begin + _SLICE) for begin in range(0, max(rows, 1), _SLICE)]
