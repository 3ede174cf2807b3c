"""Null and suppressed cells among quasi-identifiers.

A null is a value of its own: that is the stricter reading, since as a wildcard it only makes candidates more. That other
figure can be told too. A record whose quasi-identifiers are all suppressed (``*``) stands in no class: there is nothing in
it to know anybody by.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number

_MOST_PATTERNS = 64


def suppressed(key: FingerprintKey) -> Fingerprints:
    """Fingerprint of a suppressed cell, which is also the top of every hierarchy; shape (1,)."""
    return fingerprint(pa.array(["*"]), key)


def told(keys: Fingerprints, nothing: Fingerprints) -> Bools | None:
    """Which of ``keys`` (n,) differ from the one key in ``nothing``; None where all do, or none."""
    silent = keys == nothing[0]
    return None if not silent.any() or silent.all() else ~silent


def k_wildcard(
    columns: Sequence[Fingerprints], counts: Counts, subject: Fingerprints | None, key: FingerprintKey
) -> int | None:
    """The fewest subjects that a record may be, where null and suppressed cells fit any value.

    A subject that fits with and without a null counts in both.

    Args:
        columns: Fingerprints of each quasi-identifier, shape (n,); at least one.
        counts: Records of each row, shape (n,).
        subject: Subject of each row, shape (n,), or None.
        key: The key of the columns' fingerprints.

    Returns:
        The number; None if cells are missing in more than 64 ways, which would take too long.
    """
    missing = np.array([key.null, *suppressed(key)], np.uint64)
    hidden = np.stack([np.isin(column, missing) for column in columns], axis=1)
    patterns, pattern = np.unique(hidden, axis=0, return_inverse=True)
    if len(patterns) > _MOST_PATTERNS:
        return None
    fits = np.zeros(len(counts), np.int64)
    for here, there in itertools.product(range(len(patterns)), repeat=2):
        both = np.flatnonzero(~(patterns[here] | patterns[there]))
        mine = np.flatnonzero(pattern == here)
        theirs = np.flatnonzero(pattern == there)
        rows = np.concatenate([mine, theirs])
        numbers, distinct = codes(combine([columns[int(place)][rows] for place in both], len(rows)))
        at = numbers[len(mine) :]
        if subject is None:
            sizes = np.bincount(at, weights=counts[theirs], minlength=len(distinct)).astype(np.int64)
        else:
            sizes = distinct_per_number(at, subject[theirs], len(distinct))
        fits[mine] += sizes[numbers[: len(mine)]]
    return int(fits.min()) if len(fits) else None
