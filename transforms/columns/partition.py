"""Rows put into buckets by a key, so that what must be counted together is in one bucket and a bucket fits into memory."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints

Buckets = npt.NDArray[np.uint16]

MOST_BUCKETS = 4096
"""More than these would hold too few rows each, and their number would not fit beside the half of a key it is multiplied with."""

_SLICE = 1 << 14
"""Rows that are taken together, so that they stay in the processor's cache."""
_HALF = np.uint64(32)
_BYTE = 1 << 8


@dataclass(frozen=True)
class Partition:
    """Rows in the order of their buckets; those of one bucket stay in the order in which they were.

    Attributes:
        order: The rows as indices, bucket by bucket, shape (n,), intp.
        begins: First place of each bucket in `order`, and the end of the last, shape (buckets + 1,), int64.
    """

    order: npt.NDArray[np.intp]
    begins: npt.NDArray[np.int64]

    def rows(self, bucket: int) -> npt.NDArray[np.intp]:
        """The rows of a bucket as indices, ascending, a view of `order`."""
        return self.order[self.begins[bucket] : self.begins[bucket + 1]]


def bucket_of(keys: Fingerprints, buckets: int) -> Buckets:
    """Choose the bucket of each key by its high bits.

    A hash table of such keys goes by their low bits, and those still differ within a bucket.

    Args:
        keys: The keys, shape (n,), uniform; equal ones come to the same bucket.
        buckets: How many buckets there are, from 1 to `MOST_BUCKETS`.

    Returns:
        Shape (n,), uint16, each below ``buckets``; ascending where ``keys`` are.

    Raises:
        ValueError: ``buckets`` is out of bounds.
    """
    if not 1 <= buckets <= MOST_BUCKETS:
        raise ValueError(f"there may be 1 to {MOST_BUCKETS} buckets, not {buckets}")
    found = np.empty(len(keys), np.uint16)
    for begin in range(0, len(keys), _SLICE):
        # 32 bits times 12 bits: the product never overflows.
        high = keys[begin : begin + _SLICE] >> _HALF
        high *= np.uint64(buckets)
        high >>= _HALF
        found[begin : begin + _SLICE] = high
    return found


def bucket_begin(bucket: int, buckets: int) -> int:
    """The least key of a bucket, and so the one above the greatest of the bucket before; 2**64 for the one after the last."""
    return -(-(bucket << 32) // buckets) << 32


def partition(bucket: Buckets, buckets: int) -> Partition:
    """Order rows by their buckets.

    Args:
        bucket: Bucket of each row, shape (n,), uint16, each below ``buckets``.
        buckets: How many buckets there are.
    """
    small = bucket.astype(np.uint8) if buckets <= _BYTE else bucket
    order = np.argsort(small, kind="stable")  # by counting: these are small integers
    begins = np.zeros(buckets + 1, np.int64)
    np.cumsum(np.bincount(bucket, minlength=buckets), out=begins[1:])
    return Partition(order, begins)
