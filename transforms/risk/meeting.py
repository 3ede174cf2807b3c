"""Which released rows match the probes of an attacker's table: by equal keys, within a range, or within several."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import first_rows
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_per_number, numbered, tally
from beam_deid.transforms.risk.windows import Windows, distinct_in_windows, windows_of

Numbers = npt.NDArray[np.float64]
Pairs = tuple[Counts, Counts]
"""Probes, and the row that each of them meets, of one length."""

_PAIRS = 1 << 22
"""Most pairs of a probe and a released row that are looked at together."""


class Meeting(ABC):
    """The matches of m probes among n released rows."""

    @property
    @abstractmethod
    def met(self) -> Bools:
        """Whether each probe matches any row, shape (m,), bool."""

    @abstractmethod
    def linked(self, subject: Fingerprints | None) -> tuple[Counts, Fingerprints]:
        """Subjects whom each probe meets, shape (m,), and one of them; records where there are no subjects."""

    @abstractmethod
    def persons(self, who: Fingerprints | None, nobody: np.uint64 | None) -> Counts:
        """Persons whom each probe meets by some numbering (n,) of them, shape (m,); records where there is none.

        Args:
            who: Person of each released row.
            nobody: The number of whoever counts as no person.
        """

    @abstractmethod
    def rows(self, chosen: Bools) -> Bools:
        """Whether each released row, shape (n,), is met by one of the chosen probes, shape (m,)."""

    @abstractmethod
    def pairs(self, chosen: Bools) -> Iterator[Pairs]:
        """Every chosen probe with every row that it meets, so many at a time as memory holds; no probe in two slices."""


class ByKey(Meeting):
    """Probes match the rows with an equal key.

    Args:
        classes: The classes of the released rows.
        keys: Key of each released row, shape (n,).
        counts: Records of each, shape (n,).
        probes: Key of each probe, shape (m,).
    """

    def __init__(self, classes: Classes, keys: Fingerprints, counts: Counts, probes: Fingerprints) -> None:
        self._classes = classes
        self._keys = keys
        self._counts = counts
        self._probes = probes
        self._place = np.minimum(np.searchsorted(classes.keys, probes), len(classes) - 1)

    @cached_property
    def met(self) -> Bools:
        """See `Meeting.met`."""
        return np.asarray(self._classes.keys[self._place] == self._probes)

    def linked(self, subject: Fingerprints | None) -> tuple[Counts, Fingerprints]:
        """See `Meeting.linked`."""
        number = np.where(self.met, self._classes.subjects[self._place], 0)
        if subject is None:
            return number, np.zeros(len(number), np.uint64)
        return number, subject[first_rows(self._classes.numbers, len(self._classes))][self._place]

    def persons(self, who: Fingerprints | None, nobody: np.uint64 | None) -> Counts:
        """See `Meeting.persons`."""
        if who is None:
            return np.where(self.met, self._classes.records[self._place], 0)
        numbers = self._classes.numbers
        if nobody is not None:
            somebody = who != nobody
            numbers = numbers[somebody]
            who = who[somebody]
        return np.where(self.met, distinct_per_number(numbers, who, len(self._classes))[self._place], 0)

    def rows(self, chosen: Bools) -> Bools:
        """See `Meeting.rows`."""
        met = self._classes.keys[np.unique(self._place[chosen & self.met])]
        return np.asarray(pc.is_in(pa.array(self._keys), value_set=pa.array(met)).to_numpy(zero_copy_only=False))

    def pairs(self, chosen: Bools) -> Iterator[Pairs]:
        """See `Meeting.pairs`."""
        probes = np.flatnonzero(chosen & self.met)
        order, begins = self._ordered
        windows = Windows(begins[self._place[probes]], begins[self._place[probes] + 1])
        for begin, end in windows.slices(_PAIRS):
            window, row = windows.pairs(begin, end)
            yield probes[window], order[row]

    @cached_property
    def _ordered(self) -> tuple[Counts, Counts]:
        """The rows by class, and where each class begins."""
        numbers = self._classes.numbers
        return np.argsort(numbers, kind="stable"), np.r_[
            0, np.cumsum(np.bincount(numbers, minlength=len(self._classes)))
        ]


class ByRange(Meeting):
    """Probes match the rows with an equal key whose ranges overlap theirs.

    Args:
        keys: Key of each released row, shape (n,).
        counts: Records of each, shape (n,).
        low: Least values that each may stand for, shape (n, r), r at least 1.
        high: Greatest values, likewise.
        probes: Key of each probe, shape (m,).
        least: Least values that meet it, shape (m, r).
        most: Greatest values, likewise.
    """

    def __init__(
        self,
        keys: Fingerprints,
        counts: Counts,
        low: Numbers,
        high: Numbers,
        probes: Fingerprints,
        least: Numbers,
        most: Numbers,
    ) -> None:
        self._order = np.lexsort((low[:, 0], keys))
        self._low = low[self._order]
        self._high = high[self._order]
        self._counts = counts[self._order]
        self._least = least
        self._most = most
        keys = keys[self._order]
        until = _reached(keys, self._high[:, 0])
        self._windows = windows_of(keys, self._low[:, 0], until, probes, least[:, 0], most[:, 0])
        overlapping = not np.array_equal(until, self._high[:, 0], equal_nan=True)
        # Rows of a window need not all meet its probe where ranges overlap, or where there are further ones.
        self._filtered = overlapping or low.shape[1] > 1

    @cached_property
    def met(self) -> Bools:
        """See `Meeting.met`."""
        found = self._windows.end > self._windows.begin
        if self._filtered:
            there = np.zeros(len(found), bool)
            for probe, _ in self._slices(np.flatnonzero(found)):
                there[probe] = True
            return there
        return np.asarray(found)

    def linked(self, subject: Fingerprints | None) -> tuple[Counts, Fingerprints]:
        """See `Meeting.linked`."""
        only = np.zeros(len(self._windows.begin), np.uint64)
        if subject is None:
            return self.persons(None, None), only
        subject = subject[self._order]
        if not self._filtered:
            number = distinct_in_windows(numbered(subject)[0], self._windows)
            return number, subject[np.minimum(self._windows.begin, len(subject) - 1)]
        number = np.zeros(len(only), np.int64)
        for probe, row in self._slices(np.arange(len(only))):
            probe, whom = _distinct(probe, subject[row])
            number += np.bincount(probe, minlength=len(number))
            only[probe] = whom
        return number, only

    def persons(self, who: Fingerprints | None, nobody: np.uint64 | None) -> Counts:
        """See `Meeting.persons`."""
        windows = self._windows
        number = np.zeros(len(self._windows.begin), np.int64)
        if self._filtered:
            who = None if who is None else who[self._order]
            for probe, row in self._slices(np.arange(len(number))):
                if who is None:
                    number += tally(probe, self._counts[row], len(number))
                    continue
                if nobody is not None:
                    somebody = who[row] != nobody
                    probe = probe[somebody]
                    row = row[somebody]
                number += np.bincount(_distinct(probe, who[row])[0], minlength=len(number))
            return number
        if who is None:
            return _within(windows, self._counts)
        who = who[self._order]
        number = distinct_in_windows(numbered(who)[0], windows)
        return number if nobody is None else number - (_within(windows, (who == nobody).astype(np.int64)) > 0)

    def rows(self, chosen: Bools) -> Bools:
        """See `Meeting.rows`."""
        there = np.zeros(len(self._order), bool)
        if self._filtered:
            for _, row in self._slices(np.flatnonzero(chosen)):
                there[self._order[row]] = True
            return there
        many = len(there) + 1
        opened = np.bincount(self._windows.begin[chosen], minlength=many)
        closed = np.bincount(self._windows.end[chosen], minlength=many)
        there[self._order] = np.cumsum(opened - closed)[:-1] > 0
        return there

    def pairs(self, chosen: Bools) -> Iterator[Pairs]:
        """See `Meeting.pairs`."""
        for probe, row in self._slices(np.flatnonzero(chosen)):
            yield probe, self._order[row]

    def _slices(self, probes: Counts) -> Iterator[Pairs]:
        """Every one of some probes with every row that it meets, by the rows' places in order."""
        windows = Windows(self._windows.begin[probes], self._windows.end[probes])
        for begin, end in windows.slices(_PAIRS):
            window, row = windows.pairs(begin, end)
            probe = probes[window]
            if self._filtered:
                near = ((self._low[row] <= self._most[probe]) & (self._high[row] >= self._least[probe])).all(axis=1)
                probe = probe[near]
                row = row[near]
            yield probe, row


def _within(windows: Windows, counts: Counts) -> Counts:
    """The sum of each window."""
    before = np.r_[0, np.cumsum(counts)]
    return np.asarray(before[windows.end] - before[windows.begin])


def _distinct(probe: Counts, whom: Fingerprints) -> tuple[Counts, Fingerprints]:
    """The distinct pairs of a probe and a person, by probe."""
    order = np.lexsort((whom, probe))
    probe = probe[order]
    whom = whom[order]
    first = np.ones(len(probe), bool)
    first[1:] = (probe[1:] != probe[:-1]) | (whom[1:] != whom[:-1])
    return probe[first], whom[first]


def _reached(keys: Fingerprints, high: Numbers) -> Numbers:
    """The greatest value up to each row among the rows of its key, shape (n,); keys are ascending, so that runs are searched.

    Where ranges overlap, as those of shifted dates do, a row may reach less far than one before it.
    """
    if not ((high[1:] < high[:-1]) & (keys[1:] == keys[:-1])).any():
        return high
    order = np.argsort(high, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    first = np.r_[0, np.cumsum(keys[1:] != keys[:-1])] * len(keys)
    return np.asarray(high[order[np.maximum.accumulate(place + first) - first]])
