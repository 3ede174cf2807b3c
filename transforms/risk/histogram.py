"""Distinct combinations with counts: all risk arithmetic runs on these, never on rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Keys, codes, combine, first_rows

Counts = npt.NDArray[np.int64]

_SPARSE = 0.5


@dataclass(frozen=True)
class Histogram:
    """Rows of key columns, each with the number of records that have it.

    Attributes:
        columns: Key columns by name, each of shape (n,), dtype uint64.
        counts: Records per row, shape (n,), dtype int64.
    """

    columns: Mapping[str, Keys]
    counts: Counts

    @classmethod
    def of(cls, columns: Mapping[str, Keys], counts: Counts) -> "Histogram":
        """Count equal rows together, in order of first appearance."""
        numbers, distinct = codes(combine(columns.values(), len(counts)))
        if len(distinct) == len(counts):
            return cls(dict(columns), counts)
        rows = first_rows(numbers, len(distinct))
        total = np.bincount(numbers, weights=counts, minlength=len(distinct)).astype(np.int64)
        return cls({name: keys[rows] for name, keys in columns.items()}, total)

    @classmethod
    def merge(cls, parts: Sequence["Histogram"]) -> "Histogram":
        """The histogram of all parts together; associative in what it counts. Parts have the same columns.

        Where most rows stand for one record grouping again would gain little, and the parts are put side by side: the
        rows of a histogram need not be distinct.
        """
        if len(parts) == 1:
            return parts[0]
        names = parts[0].columns
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
        counts = np.concatenate([part.counts for part in parts])
        return cls(columns, counts) if len(counts) > _SPARSE * counts.sum() else cls.of(columns, counts)

    def ordered(self) -> "Histogram":
        """The same rows in an order that follows from them alone, so that no sum depends on how parts were merged."""
        rows = np.argsort(combine(self.columns.values(), len(self.counts)))
        return Histogram({name: keys[rows] for name, keys in self.columns.items()}, self.counts[rows])

    @property
    def records(self) -> int:
        """The number of records counted."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Classes:
    """Equivalence classes over histogram rows, with their sizes.

    Without subjects every record is a person of its own.

    Attributes:
        numbers: Class number of each row, shape (n,), int64.
        keys: Key of each class, shape (classes,), uint64.
        records: Records per class, shape (classes,), int64.
        subjects: Distinct subjects per class, shape (classes,), int64.
    """

    numbers: Counts
    keys: Keys
    records: Counts
    subjects: Counts

    @classmethod
    def of(cls, keys: Keys, counts: Counts, subject: Keys | None) -> "Classes":
        """The classes of rows with ``keys`` (n,), ``counts`` (n,) and, where there are any, ``subject`` (n,)."""
        numbers, distinct = codes(keys)
        records = np.bincount(numbers, weights=counts, minlength=len(distinct)).astype(np.int64)
        subjects = records
        if subject is not None:
            subjects = distinct_per_number(numbers, subject, len(distinct))
        return cls(numbers, distinct, records, subjects)

    def __len__(self) -> int:
        return len(self.keys)


def numbered(keys: Keys) -> tuple[Counts, int]:
    """Numbers of the keys (n,), and how many numbers there may be; keys that are small numbers stay as they are."""
    largest = int(keys.max()) if len(keys) else 0
    if largest < 4 * len(keys):
        return keys.view(np.int64), largest + 1
    numbers, distinct = codes(keys)
    return numbers, len(distinct)


def distinct_count(keys: Keys) -> int:
    """How many distinct keys there are among (n,)."""
    return int(np.count_nonzero(np.bincount(numbered(keys)[0]))) if len(keys) else 0


def distinct_per_number(numbers: Counts, keys: Keys, size: int) -> Counts:
    """How many distinct keys go with each number: (size,) for ``numbers`` below ``size`` and ``keys``, both (n,)."""
    values, many = numbered(keys)
    # Both factors are below 2³¹, so a pair is one exact integer; sorting is quicker than hashing here.
    pairs = np.sort(numbers * many + values)
    first = np.ones(len(pairs), dtype=bool)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    return np.bincount(pairs[first] // many, minlength=size).astype(np.int64)


def total(parts: Iterable[tuple[Keys, Counts]]) -> tuple[Keys, Counts]:
    """Counts per distinct key over all parts, sorted by key: equal multisets give equal arrays."""
    parts = list(parts)
    if not parts:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    numbers, distinct = codes(np.concatenate([keys for keys, _ in parts]))
    sums = np.bincount(
        numbers, weights=np.concatenate([counts for _, counts in parts]), minlength=len(distinct)
    ).astype(np.int64)
    order = np.argsort(distinct)
    return distinct[order], sums[order]
