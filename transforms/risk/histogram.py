"""Distinct combinations with counts: all risk arithmetic runs on these, never on rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.combining import combine, mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows, hardly_repeat, ordered_codes, runs
from beam_deid.transforms.columns.pairs import Codes, Pairs, count_pairs

Counts = npt.NDArray[np.int64]

_SPARSE = 0.5
_CELLS = 1 << 27
"""Most keys of a histogram whose rows are not counted together: a gibibyte."""


@dataclass(frozen=True)
class Histogram:
    """Rows of key columns, each with the number of records that have it.

    Attributes:
        columns: Key columns by name, each of shape (n,), dtype uint64.
        counts: Records per row, shape (n,), dtype int64.
    """

    columns: Mapping[Any, Fingerprints]
    counts: Counts

    @classmethod
    def of(cls, columns: Mapping[Any, Fingerprints], counts: Counts) -> "Histogram":
        """Count equal rows together, in any order; many rows that hardly repeat are left as they are."""
        keys = combine(columns.values(), len(counts)) if len(columns) > 1 else next(iter(columns.values()))
        if hardly_repeat(keys, _SPARSE):
            return cls(dict(columns), counts)
        numbers, distinct = codes(keys)
        if len(distinct) == len(counts):
            return cls(dict(columns), counts)
        rows = first_rows(numbers, len(distinct))
        total = tally(numbers, counts, len(distinct))
        return cls({name: keys[rows] for name, keys in columns.items()}, total)

    @classmethod
    def merge(cls, parts: Sequence["Histogram"]) -> "Histogram":
        """The histogram of all parts together; associative in what it counts. Parts have the same columns.

        Where most rows stand for one record and there are not too many, grouping again would gain little, and the parts
        are put side by side: the rows of a histogram need not be distinct.
        """
        if len(parts) == 1:
            return parts[0]
        names = parts[0].columns
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
        counts = np.concatenate([part.counts for part in parts])
        return cls.of(columns, counts) if cls.repeat(parts) else cls(columns, counts)

    @staticmethod
    def repeat(parts: Sequence["Histogram"]) -> bool:
        """Whether the parts repeat rows often enough for grouping them again to pay."""
        rows = sum(len(part.counts) for part in parts)
        names = len(parts[0].columns) if parts else 0
        return rows * (names + 1) >= _CELLS or rows <= _SPARSE * sum(part.records for part in parts)

    def ordered(self) -> "Histogram":
        """The same rows in an order that follows from them alone, so that no sum depends on how parts were merged."""
        rows = np.argsort(combine(self.columns.values(), len(self.counts)))
        return Histogram({name: keys[rows] for name, keys in self.columns.items()}, self.counts[rows])

    @property
    def records(self) -> int:
        """The number of records counted."""
        return int(self.counts.sum())


class Classes:
    """Equivalence classes over histogram rows, ascending by key, with their sizes.

    Without subjects every record is a person of its own. What is told does not depend on what was asked before.

    Attributes:
        sorts: Whether sorting the keys tells all, without a number for each row: every row is one record and one person.

    Args:
        keys: Key of each row, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Subject of each row, shape (n,), or None.
        people: Persons of each class, shape (classes,), where more than the subject says who a record is about.
    """

    def __init__(
        self, keys: Fingerprints, counts: Counts, subject: Fingerprints | None, people: Counts | None = None
    ) -> None:
        self._keys = keys
        self._counts = counts
        self._subject = subject
        self.sorts = subject is None and bool((counts == 1).all())
        if people is not None:
            self.__dict__["subjects"] = people

    @cached_property
    def _coded(self) -> tuple[Counts, Fingerprints]:
        return ordered_codes(self._keys)

    @cached_property
    def _sized(self) -> tuple[Fingerprints, Counts]:
        """Fingerprints and records of the classes."""
        if self.sorts:
            return runs(self._keys)
        numbers, keys = self._coded
        return keys, tally(numbers, self._counts, len(keys))

    def paired(self, values: Codes, many: int) -> Pairs | None:
        """The pairs of a class and a value that occur, by sorting rows: quicker than numbering their classes.

        Args:
            values: Number of each row's value, below ``many``, shape (n,).
            many: How many values there are.

        Returns:
            The pairs; None where rows must be numbered, since they stand for several records or say who they are about.
        """
        if not self.sorts:
            return None
        found = count_pairs(self._keys, values, many)
        # One sort tells the classes, too, if nobody has asked for them yet.
        self.__dict__.setdefault("_sized", (found.keys, found.key_rows))
        return found

    @property
    def numbers(self) -> Counts:
        """Class number of each row, shape (n,), int64."""
        return self._coded[0]

    @property
    def keys(self) -> Fingerprints:
        """Key of each class, shape (classes,), uint64, ascending."""
        return self._sized[0]

    @property
    def records(self) -> Counts:
        """Records per class, shape (classes,), int64."""
        return self._sized[1]

    @cached_property
    def subjects(self) -> Counts:
        """Distinct subjects per class, shape (classes,), int64."""
        return self.records if self._subject is None else distinct_per_number(self.numbers, self._subject, len(self))

    def __len__(self) -> int:
        return len(self.keys)


def tally(numbers: Counts, counts: Counts, size: int) -> Counts:
    """The sum of ``counts`` (n,) per number below ``size``, shape (size,)."""
    if (counts == 1).all():
        return np.bincount(numbers, minlength=size)
    return np.bincount(numbers, weights=counts, minlength=size).astype(np.int64)


def numbered(keys: Fingerprints) -> tuple[Counts, int]:
    """Numbers of the keys (n,), and how many numbers there may be; keys that are small numbers stay as they are."""
    largest = int(keys.max()) if len(keys) else 0
    if largest < 4 * len(keys):
        return keys.view(np.int64), largest + 1
    numbers, distinct = codes(keys)
    return numbers, len(distinct)


def distinct_count(keys: Fingerprints) -> int:
    """How many distinct keys there are among (n,)."""
    return int(np.count_nonzero(np.bincount(numbered(keys)[0]))) if len(keys) else 0


def distinct_per_number(numbers: Counts, keys: Fingerprints, size: int) -> Counts:
    """How many distinct keys go with each number: (size,) for ``numbers`` below ``size`` and ``keys``, both (n,)."""
    values, many = numbered(keys)
    # Each row is a pair, unless it is there already. A row whose key has no other row is one: only the others need be sorted.
    found = np.bincount(numbers, minlength=size)
    others = np.flatnonzero((np.bincount(values, minlength=many) > 1)[values])
    # Both factors are below 2³¹, so a pair is one exact integer; sorting is quicker than hashing here, the more so of small ones.
    pairs = numbers[others] * many + values[others]
    pairs = np.sort(pairs.astype(np.uint32) if size * many <= 1 << 32 else pairs)
    again = pairs[1:][pairs[1:] == pairs[:-1]]
    return np.asarray(found - np.bincount(again // max(many, 1), minlength=size))


def total(parts: Iterable[tuple[Fingerprints, Counts]]) -> tuple[Fingerprints, Counts]:
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


def row_digest(parts: list[Fingerprints], counts: Counts) -> int:
    """An order-free digest of rows: the sum modulo 2⁶⁴ of their mixed keys, each times its count."""
    keys = mix(combine(parts, len(counts)))
    return int((keys * counts.view(np.uint64)).sum(dtype=np.uint64))
