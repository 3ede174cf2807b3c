"""Both sides of a join: what an attacker looks for, and what is released; and which of them meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Classes, Counts
from beam_deid.transforms.risk.linkage import Side
from beam_deid.transforms.risk.meeting import ByKey, ByRange, Meeting

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Probes:
    """An attacker's table.

    Attributes:
        rows: Row of the table that each probe is of, shape (m,).
        keys: What must be equal, shape (m,).
        low: Least value of what need only be near, shape (m, r); r is 0 where all must be equal.
        high: Greatest value, likewise.
        counts: Records that each row of the table stands for, shape (a,).
        subject: Whom each row is about, shape (a,); None if every record is a person of its own.
    """

    rows: Counts
    keys: Fingerprints
    low: Numbers
    high: Numbers
    counts: Counts
    subject: Fingerprints | None

    @classmethod
    def exact(cls, side: Side) -> "Probes":
        """Make one probe for each row, with exact columns only."""
        rows = np.arange(len(side.keys))
        near = np.empty((len(rows), 0))
        return cls(rows, side.keys, near, near, side.counts, side.subject)

    @classmethod
    def side_by_side(cls, parts: Sequence["Probes"], near: int, named: bool) -> "Probes":
        """Put parts of a table one behind the other.

        Args:
            parts: Probes of some of its rows, which are numbered from 0 in each part.
            near: How many values need only be near.
            named: Whether every part says whom its rows are about.
        """
        begins = np.cumsum([0, *(len(one.counts) for one in parts)])
        nothing = np.empty((0, near))
        whom = [np.empty(0, np.uint64), *(one.subject for one in parts if one.subject is not None)]
        return cls(
            rows=np.concatenate(
                [np.empty(0, np.int64), *(one.rows + at for one, at in zip(parts, begins[:-1], strict=True))]
            ),
            keys=np.concatenate([np.empty(0, np.uint64), *(one.keys for one in parts)]),
            low=np.concatenate([nothing, *(one.low for one in parts)]),
            high=np.concatenate([nothing, *(one.high for one in parts)]),
            counts=np.concatenate([np.empty(0, np.int64), *(one.counts for one in parts)]),
            subject=np.concatenate(whom) if named else None,
        )

    @classmethod
    def together(cls, parts: Sequence["Probes"]) -> "Probes":
        """Combine the probes of one table that were made in several ways. Equal probes count once."""
        rows = np.concatenate([one.rows for one in parts])
        keys = np.concatenate([one.keys for one in parts])
        _, first = np.unique(np.stack([rows.view(np.uint64), keys]), axis=1, return_index=True)
        low = np.concatenate([one.low for one in parts])[first]
        high = np.concatenate([one.high for one in parts])[first]
        return cls(rows[first], keys[first], low, high, parts[0].counts, parts[0].subject)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Probes":
        """Select some of the probes."""
        low = self.low[chosen]
        high = self.high[chosen]
        return Probes(self.rows[chosen], self.keys[chosen], low, high, self.counts, self.subject)


@dataclass(frozen=True)
class Released:
    """A partition of a release.

    Attributes:
        keys: What must be equal, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Whom each row is about, shape (n,), or None.
        low: Least value that each released value may stand for, shape (n, r).
        high: Greatest value, likewise.
        others: Whom each row is about by further identities, each of shape (n,). Persons are as many as the identity says that
            says the fewest.
    """

    keys: Fingerprints
    counts: Counts
    subject: Fingerprints | None
    low: Numbers
    high: Numbers
    others: tuple[Fingerprints, ...] = ()

    @property
    def identities(self) -> tuple[Fingerprints | None, ...]:
        """Whom each row is about by every identity, the subject's first; None where each record is a person."""
        return (self.subject, *self.others)


class PersonsOfProbes(NamedTuple):
    """Persons by one identity whom probes meet. Arrays are of one length.

    Attributes:
        identity: The place of the identity.
        probes: Probes.
        who: A person whom each meets.
        counts: The person's records, where each record is a person; else 1.
    """

    identity: int
    probes: Counts
    who: Fingerprints
    counts: Counts


@dataclass(frozen=True)
class ProbesMet:
    """Whom m probes meet among n released rows. Arrays are of shape (m,), one entry a probe.

    Attributes:
        meeting: Which rows they meet.
        found: Subjects whom each meets, whoever they are; records where rows name nobody.
        only: One of them.
        persons: Persons whom each meets, by every identity.
        few: Whether each meets a row, and fewer than k persons by some identity.
    """

    meeting: Meeting
    found: Counts
    only: Fingerprints
    persons: tuple[Counts, ...]
    few: Bools

    @classmethod
    def of(cls, released: Released, classes: Classes, probes: Probes, k: int, nobody: np.uint64 | None) -> "ProbesMet":
        """Let probes meet released rows; there is at least one of each.

        Args:
            released: The rows.
            classes: Their classes by their keys.
            probes: The probes.
            k: How many persons are enough.
            nobody: The number of a row's person, by any identity, who counts as no person.
        """
        meeting = _meeting(released, classes, probes)
        found, only = meeting.linked(released.subject)
        first = found if nobody is None else meeting.persons(released.subject, nobody)
        persons = (first, *(meeting.persons(who, nobody) for who in released.others))
        return cls(meeting, found, only, persons, meeting.met & (np.minimum.reduce(persons) < k))

    def pairs(self, released: Released, k: int, nobody: np.uint64 | None, first: int) -> Iterator[PersonsOfProbes]:
        """Whom the probes with few meet, by each identity by which they have few, and by the first one in any case.

        Args:
            released: The rows.
            k: How many persons are enough.
            nobody: See `of`.
            first: The number of the first row, where each record is a person and rows are numbered on from elsewhere.
        """
        for probe, row in self.meeting.pairs(self.few):
            for identity, who in enumerate(released.identities):
                # By the first identity all are told: they are exposed if another one finds few.
                wanted = np.ones(len(probe), bool) if identity == 0 else self.persons[identity][probe] < k
                if who is None:
                    numbers = (row[wanted] + first).astype(np.uint64)
                    yield PersonsOfProbes(identity, probe[wanted], numbers, released.counts[row[wanted]])
                    continue
                if nobody is not None:
                    wanted &= who[row] != nobody
                yield PersonsOfProbes(identity, probe[wanted], who[row[wanted]], np.ones(int(wanted.sum()), np.int64))

    def told(self, k: int) -> int:
        """How many pairs of a probe and a person `pairs` tells, each of them counted once."""
        first = int(self.persons[0][self.few].sum())
        return first + sum(int(many[self.few & (many < k)].sum()) for many in self.persons[1:])


def _meeting(released: Released, classes: Classes, probes: Probes) -> Meeting:
    keys = released.keys
    counts = released.counts
    if probes.low.shape[1]:
        return ByRange(keys, counts, released.low, released.high, probes.keys, probes.low, probes.high)
    return ByKey(classes, keys, counts, probes.keys)


class Found:
    """Whom each of some rows meets, whatever the order of the probes that it is looked for by.

    A row that meets one subject alone, by all of its probes that meet anybody, has found one; another has found as many as its
    probes meet, and a subject that several of them meet counts once in each.

    Args:
        rows: How many rows there are.
    """

    def __init__(self, rows: int) -> None:
        self._total = np.zeros(rows, np.int64)
        self._most = np.zeros(rows, np.int64)
        self._first = np.full(rows, np.iinfo(np.uint64).max)
        self._last = np.zeros(rows, np.uint64)

    def add(self, rows: Counts, found: Counts, only: Fingerprints) -> None:
        """Add what probes meet.

        Args:
            rows: Row of each of m probes.
            found: Subjects whom it meets, shape (m,).
            only: One of them, shape (m,).
        """
        somebody = found > 0
        rows = rows[somebody]
        np.add.at(self._total, rows, found[somebody])
        np.maximum.at(self._most, rows, found[somebody])
        np.minimum.at(self._first, rows, only[somebody])
        np.maximum.at(self._last, rows, only[somebody])

    def result(self, named: bool) -> tuple[Counts, Fingerprints]:
        """Subjects whom each row meets, and one of them, each of shape (rows,).

        Args:
            named: Whether released rows name their subjects, so that two probes can be seen to meet the same one.
        """
        same = named & (self._most == 1) & (self._first == self._last)
        return np.where(same, 1, self._total), self._last
