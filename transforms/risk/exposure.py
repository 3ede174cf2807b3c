"""Line 7 of the label rule: an attacker's row matches no released person or at least k, and a join with too few matches fails.

Strangers in an attacker's table must not make a release look safer, nor must persons who were suppressed. So a share is taken
over the released persons, too, and of both shares the greater one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts, numbered
from beam_deid.transforms.risk.matches import Matches
from beam_deid.transforms.risk.meeting import Meeting

MOST_KEPT = 1 << 23
"""Most pairs of a row and a person that are remembered, of 24 bytes; beyond these the result is an upper bound."""


@dataclass(frozen=True)
class Exposed:
    """How many persons an attacker's table matches in groups of fewer than k.

    Attributes:
        attackers: Persons of the attacker's table; its records where it names nobody.
        attackers_exposed: Those of whom a row meets a released row, and fewer than k released persons.
        released: Released persons; released records where these name nobody.
        released_exposed: Those who are among the fewer than k that some row meets.
        met: Persons of the attacker's table of whom a row meets a released row.
        known: Persons of the attacker's table who are in the source; all, where that cannot be told.
        known_met: Those of them of whom a row meets a released row.
        exact: Whether the exposed were counted exactly; else they are an upper bound.
    """

    attackers: int
    attackers_exposed: int
    released: int
    released_exposed: int
    met: int
    known: int
    known_met: int
    exact: bool = True

    @property
    def share(self) -> float:
        """The share of exposed persons: the greater of that over the attacker's persons and that over the released ones."""
        ours = self.released_exposed / self.released if self.released else 0.0
        return max(ours, self.attackers_exposed / self.attackers if self.attackers else 0.0)


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
        self._released = self._among = 0
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
            self._released += persons
        elif subject is None:
            self._released += records
        else:
            self._persons = np.union1d(self._persons, self._somebody(subject))

    def add(
        self, meeting: Meeting, rows: Counts, counts: Counts, identities: Sequence[Fingerprints | None], found: Counts
    ) -> None:
        """Add what the probes of a partition meet.

        Args:
            meeting: Which of the partition's n rows each of m probes meets.
            rows: Row of the table that each probe is of, shape (m,).
            counts: Records of each released row, shape (n,).
            identities: Person of each released row, shape (n,), by several numberings; None: each record is one.
            found: Subjects whom each probe meets by the first, whoever they are, shape (m,).
        """
        self._met[rows[meeting.met]] = True
        first = found if self._nobody is None else meeting.persons(identities[0], self._nobody)
        numbers = [first, *(meeting.persons(who, self._nobody) for who in identities[1:])]
        few = meeting.met & (np.minimum.reduce(numbers) < self._k)
        if self._several:
            self._remember(meeting, rows, counts, identities, numbers, few)
            return
        self._exposed[rows[few]] = True
        if not few.any():
            return
        there = meeting.rows(few)
        if identities[0] is None:
            self._among += int(counts[there].sum())
        else:
            self._persons_among = np.union1d(self._persons_among, self._somebody(identities[0][there]))

    def result(self, counts: Counts, subject: Fingerprints | None, source: Fingerprints | None) -> Exposed:
        """Sum up all partitions.

        Args:
            counts: Records of each row of the table, shape (a,).
            subject: Person of each of its rows, shape (a,); None if every record is one.
            source: The persons of the source, if they are numbered likewise.
        """
        released = self._released + len(self._persons)
        exposed = self._exposed
        among = self._among + len(self._persons_among)
        if self._several:
            exposed, among = self._remembered()
            among = min(among, released)
        if subject is None:
            size = int(counts.sum())
            many = int(counts[exposed].sum())
            met = int(counts[self._met].sum())
            return Exposed(size, many, released, among, met, size, met, self._exact)
        size, many, met = (_persons(subject, chosen) for chosen in (np.ones(len(subject), bool), exposed, self._met))
        if source is None:
            return Exposed(size, many, released, among, met, size, met, self._exact)
        inside = pc.is_in(pa.array(subject), value_set=pa.array(source)).to_numpy(zero_copy_only=False)
        if self._nobody is not None:
            inside = inside & (subject != self._nobody)
        known = _persons(subject, inside)
        known_met = _persons(subject, inside & self._met)
        return Exposed(size, many, released, among, met, known, known_met, self._exact)

    def _somebody(self, subject: Fingerprints) -> Fingerprints:
        return subject if self._nobody is None else subject[subject != self._nobody]

    def _remember(
        self,
        meeting: Meeting,
        rows: Counts,
        counts: Counts,
        identities: Sequence[Fingerprints | None],
        numbers: list[Counts],
        few: Bools,
    ) -> None:
        """Keep the matches of rows that may turn out to have few."""
        if not self._full:
            self._full = [np.zeros(len(self._met), bool) for _ in identities]
            self._whom = [Matches() for _ in identities]
        np.add.at(self._sum, rows, numbers[0])
        for full, number in zip(self._full, numbers, strict=True):
            full[rows[number >= self._k]] = True
        if not self._exact:
            return
        for probe, row in meeting.pairs(few):
            for which, (whom, who) in enumerate(zip(self._whom, identities, strict=True)):
                # By the first numbering all are remembered: they are exposed if another one finds few.
                wanted = np.ones(len(probe), bool) if which == 0 else numbers[which][probe] < self._k
                if who is None:
                    whom.add(rows[probe[wanted]], (row[wanted] + self._seen).astype(np.uint64), counts[row[wanted]])
                    continue
                if self._nobody is not None:
                    wanted &= who[row] != self._nobody
                whom.add(rows[probe[wanted]], who[row[wanted]], None)
            if sum(map(len, self._whom)) > self._kept:
                self._forget()
                if not self._exact:
                    return
        self._seen += len(counts)

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

    def _remembered(self) -> tuple[Bools, int]:
        """Which rows are exposed, and how many released persons are."""
        if not self._full:
            return self._exposed, 0
        few = [
            ~full & (whom.persons(len(full)) < self._k if self._exact else True)
            for full, whom in zip(self._full, self._whom, strict=True)
        ]
        exposed = self._met & np.logical_or.reduce(few)
        return exposed, self._whom[0].among(exposed) if self._exact else int(self._sum[exposed].sum())


def _persons(subject: Fingerprints, chosen: Bools) -> int:
    people, size = numbered(subject)
    return int((np.bincount(people[chosen], minlength=size) > 0).sum())
