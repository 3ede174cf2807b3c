"""The keys of records that are a person each."""

import numpy as np

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes


def record_persons(record: Fingerprints, file: Fingerprints | None) -> Fingerprints:
    """A key for each record as a person of its own; a record that is in several files counts as one.

    Of equal records of one file the first, the second … are one person each, in whatever files they stand. The keys follow from
    the records alone, wherever these lie and in whatever order: the register takes them for persons who have no other key.

    Args:
        record: The key of each record, by all its fields, shape (n,); all equal ones are among them.
        file: The key of each one's file, shape (n,); None where there is one file.

    Returns:
        Shape (n,), uint64.
    """
    numbers, _ = codes(record if file is None else combine([record, file], len(record)))
    order = np.argsort(numbers, kind="stable")
    begins = np.searchsorted(numbers[order], numbers[order], side="left")
    turn = np.empty(len(record), np.uint64)
    turn[order] = (np.arange(len(record)) - begins).astype(np.uint64)
    return combine([record, turn], len(record))
