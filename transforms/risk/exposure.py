"""Whom an attacker's table exposes, partition by partition: line 7 of the label rule; see `exposed.Exposed`."""

from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.matches import Matches
from beam_deid.transforms.risk.probes import ProbesMet, Released

MOST_KEPT = 1 << 23
"""Most pairs of a row and a person that are remembered, of 24 bytes; beyond these the result is an upper bound."""


class Exposure:
    """Counts the exposed persons, partition by partition.

    Args:
        rows: Rows of the attacker's table.
        several: Whether a row has several probes, so that whom it meets is known only after the last partition.
        k: Whoever hides among fewer is exposed.
        nobody: The number of whoever counts as no person.
        kept: Most pairs of a row and a person that are remembered.
    """

    def __init__(self, rows: int, several: bool, k: int, nobody: np.uint64 | None, kept: int = MOST_KEPT) -> None:
        self._k = k
        self._nobody = nobody
        self._kept = kept
        self._several = several
        self._exact = True
        self._met = np.zeros(rows, bool)
        self._exposed = np.zeros(rows, bool)
        self._counted = self._records_among = 0
        self._persons = np.empty(0, np.uint64)
        self._persons_among = np.empty(0, np.uint64)
        self._seen = 0
        # Of rows with several probes, by numbering of persons: how many were met at least, and whom.
        self._sum = np.zeros(rows if several else 0, np.int64)
        self._full: list[Bools] = []
        self._whom: list[Matches] = []

    def release(self, subject: Fingerprints | None, records: int, persons: int | None) -> None:
        """Count what a partition releases, whether it is met or not.

        Args:
            subject: Person of each of its rows, shape (n,), or None.
            records: Its records, with those that were left out of it.
            persons: Its persons, if the caller counts each in one partition only.
        """
        if persons is not None:
            self._counted += persons
        elif subject is None:
            self._counted += records
        else:
            self._persons = np.union1d(self._persons, self._somebody(subject))

    def add(self, found: ProbesMet, rows: Counts, released: Released) -> None:
        """Add what the probes of a partition meet.

        Args:
            found: Which of the partition's n rows each of m probes meets.
            rows: Row of the table that each probe is of, shape (m,).
            released: The partition.
        """
        self._met[rows[found.meeting.met]] = True
        if self._several:
            self._remember(found, rows, released)
            return
        self._exposed[rows[found.few]] = True
        if not found.few.any():
            return
        there = found.meeting.rows(found.few)
        if released.subject is None:
            self._records_among += int(released.counts[there].sum())
        else:
            self._persons_among = np.union1d(self._persons_among, self._somebody(released.subject[there]))

    @property
    def released(self) -> int:
        """Released persons of all partitions."""
        return self._counted + len(self._persons)

    def rows(self) -> tuple[Bools, Bools]:
        """Which rows of the table are exposed, and which meet a released row, each of shape (rows,)."""
        return self._rows_exposed, self._met

    @property
    def among(self) -> tuple[int, bool]:
        """Released persons who are exposed, and whether they and the exposed rows were counted exactly."""
        if not self._several:
            return self._records_among + len(self._persons_among), True
        exposed = self._rows_exposed
        if not self._full:
            return 0, True
        among = self._whom[0].among(exposed) if self._exact else int(self._sum[exposed].sum())
        return min(among, self.released), self._exact

    @cached_property
    def _rows_exposed(self) -> Bools:
        if not self._full:
            return self._exposed
        few = [
            ~full & (whom.persons(len(full)) < self._k if self._exact else True)
            for full, whom in zip(self._full, self._whom, strict=True)
        ]
        return np.asarray(self._met & np.logical_or.reduce(few))

    def _somebody(self, subject: Fingerprints) -> Fingerprints:
        return subject if self._nobody is None else subject[subject != self._nobody]

    def _remember(self, found: ProbesMet, rows: Counts, released: Released) -> None:
        """Keep the matches of rows that may turn out to have few."""
        if not self._full:
            self._full = [np.zeros(len(self._met), bool) for _ in found.persons]
            self._whom = [Matches() for _ in found.persons]
        np.add.at(self._sum, rows, found.persons[0])
        for full, persons in zip(self._full, found.persons, strict=True):
            full[rows[persons >= self._k]] = True
        if not self._exact:
            return
        for pairs in found.pairs(released, self._k, self._nobody, self._seen):
            self._whom[pairs.identity].add(rows[pairs.probes], pairs.who, pairs.counts)
            if sum(map(len, self._whom)) > self._kept:
                self._forget()
                if not self._exact:
                    return
        self._seen += len(released.counts)

    def _forget(self) -> None:
        """Drop the matches of rows that have many already; all of them, where they take too much memory even so."""
        for full, whom in zip(self._full, self._whom, strict=True):
            full |= whom.persons(len(full)) >= self._k
        done = np.logical_and.reduce(self._full)
        for whom in self._whom:
            whom.drop(done)
        if sum(map(len, self._whom)) > self._kept // 2:
            self._exact = False
            self._whom = [Matches() for _ in self._whom]
