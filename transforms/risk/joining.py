"""The join of a release with an attacker's table, partition by partition: exactly, in several spellings, or within ranges.

The attacker's rows are looked for by *probes*: keys of what is equal on both sides, and windows for what need only be
near. A row has several probes where the release may spell what it knows in several ways, as masked or coarser. The release
comes in partitions by key, so that no more than one of them is in memory, and rows are never paired with all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.exposure import Exposed, Exposure
from beam_deid.transforms.risk.histogram import Classes, Counts, numbered
from beam_deid.transforms.risk.linkage import Linked, Side
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


@dataclass(frozen=True)
class Candidates:
    """How many subjects of the release each subject of the attacker's may be, over those who may be anybody's.

    A subject that is met in several spellings counts once in each.

    Attributes:
        subjects: Subjects of the attacker's who meet somebody.
        least: The fewest.
        median: The middle one.
        mean: The average.
        most: The most.
    """

    subjects: int
    least: int
    median: float
    mean: float
    most: int


@dataclass(frozen=True)
class Presence:
    """What the attacker's table tells where it is taken for the population. El Emam, Dankar: k-map; Nergiz et al.: δ-presence.

    Attributes:
        k_map: Fewest subjects of the table whom a released record may be, over those whom it meets; None if it meets none.
        outside: Share of released records that meet nobody of the table.
        delta: Least and greatest chance, over its rows, that a subject of the table is in the release.
        journalist: Risk of a released subject, one over the subjects of the table that it may be: ``highest``, ``average``, and
            ``at_risk``, the share of subjects who may be fewer than k; over subjects of a class, those who meet somebody.
        marketer: Share of them that is expected to be linked rightly if all are linked at random. El Emam (2013): the average
            is this, or the classes over the table's subjects who may be in them if that is more.
    """

    k_map: int | None
    outside: float
    delta: tuple[float, float]
    journalist: dict[str, float]
    marketer: float


@dataclass(frozen=True)
class Joined:
    """All that a join found; ``presence`` is None where things need not be equal."""

    linked: Linked
    candidates: Candidates | None
    presence: Presence | None
    exposed: Exposed


class Join:
    """Joins a release, partition by partition.

    Args:
        probes: The attacker's table.
        truth: Whether both sides name subjects alike, so that right links can be told from wrong ones.
        k: A released subject who may be fewer than so many is at risk.
        nobody: The number of a released row's person, by any identity, who counts as no person.
        source: Subjects of the source, released or not, numbered as the table's are; None where that is not known.
    """

    def __init__(
        self,
        probes: Probes,
        truth: bool,
        k: int = 2,
        nobody: np.uint64 | None = None,
        source: Fingerprints | None = None,
    ) -> None:
        self._probes = probes
        self._truth = truth and probes.subject is not None
        self._k = k
        table = len(probes.counts)
        self._found = np.zeros(table, np.int64)
        self._only = np.zeros(table, np.uint64)
        self._several = bool(len(probes.rows)) and bool(np.bincount(probes.rows, minlength=table).max() > 1)
        self._named = False
        self._released = self._outside = 0
        self._least: int | None = None
        self._classes = self._met = self._risky = self._population = 0
        self._risk = 0.0
        self._delta = [1.0, 0.0] if table else [0.0, 0.0]
        self._exposure = Exposure(table, self._several, k, nobody)
        self._source = source

    def add(
        self, released: Released, probes: Probes | None = None, missed: int = 0, persons: int | None = None
    ) -> None:
        """Join one partition.

        Args:
            released: Its rows.
            probes: The probes that may meet them, all of whose keys are in no other partition; all probes if not given.
            missed: Records of the partition that were left out since their key is no probe's.
            persons: Released persons that are counted with this partition, those of records left out among them, each with one
                partition only; those of its rows if not given, each of them once over all partitions.
        """
        probes = self._probes if probes is None else probes
        self._released += int(released.counts.sum()) + missed
        self._outside += missed
        self._named = self._named or released.subject is not None
        self._exposure.release(released.subject, int(released.counts.sum()) + missed, persons)
        classes = Classes(released.keys, released.counts, released.subject)
        if self._exact:
            self._present(classes, int(released.counts.sum()), probes)
        if not len(released.keys) or not len(probes.keys):
            return
        meeting = self._meeting(released, classes, probes)
        number, only = meeting.linked(released.subject)
        self._exposure.add(meeting, probes.rows, released.counts, (released.subject, *released.others), number)
        if not self._several:
            self._note(probes.rows, number, only)
            return
        # One probe of each row at a time.
        order = np.argsort(probes.rows, kind="stable")
        rows = probes.rows[order]
        turn = np.arange(len(rows)) - np.searchsorted(rows, rows, side="left")
        for which in range(int(turn.max()) + 1):
            chosen = order[turn == which]
            self._note(probes.rows[chosen], number[chosen], only[chosen])

    def result(self) -> Joined:
        """Sum up all partitions."""
        probes = self._probes
        hit = self._found == 1
        presence = None
        exposed = self._exposure.result(probes.counts, probes.subject, self._source)
        if self._exact:
            met = max(self._met, 1)
            marketer = self._risk / max(self._met, 1)
            average = max(marketer, self._classes / max(self._population, 1))
            journalist = {
                "highest": 1 / self._least if self._least else 0.0,
                "average": average,
                "at_risk": self._risky / met,
            }
            outside = self._outside / self._released if self._released else 0.0
            presence = Presence(self._least, outside, (min(self._delta), max(self._delta)), journalist, marketer)
        if probes.subject is None:
            linked = Linked(int(probes.counts.sum()), int(probes.counts[hit].sum()), None)
            return Joined(linked, _candidates(np.repeat(self._found, probes.counts)), presence, exposed)
        people, size = numbered(probes.subject)
        there = np.bincount(people, minlength=size) > 0
        rightly = None
        if self._truth and self._named:
            right = hit & (self._only == probes.subject)
            rightly = int((np.bincount(people[right], minlength=size) > 0).sum())
        linked = Linked(int(there.sum()), int((np.bincount(people[hit], minlength=size) > 0).sum()), rightly)
        fewest = np.full(size, np.iinfo(np.int64).max)
        somebody = self._found > 0
        np.minimum.at(fewest, people[somebody], self._found[somebody])
        return Joined(linked, _candidates(fewest[fewest < np.iinfo(np.int64).max]), presence, exposed)

    @property
    def _near(self) -> int:
        return int(self._probes.low.shape[1])

    @property
    def _exact(self) -> bool:
        return self._near == 0 and not self._several

    def _meeting(self, released: Released, classes: Classes, probes: Probes) -> Meeting:
        keys = released.keys
        counts = released.counts
        if self._near:
            return ByRange(keys, counts, released.low, released.high, probes.keys, probes.low, probes.high)
        return ByKey(classes, keys, counts, probes.keys)

    def _note(self, rows: Counts, number: Counts, only: Fingerprints) -> None:
        """Add the matches of probes to their rows, without counting a row twice."""
        before = self._found[rows]
        same = (before == 1) & (number == 1) & (self._only[rows] == only) & self._named
        self._found[rows] = np.where(same, 1, before + number)
        first = (before == 0) & (number == 1)
        self._only[rows[first]] = only[first]

    def _present(self, classes: Classes, records: int, probes: Probes) -> None:
        """k-map and δ-presence of a partition: how many of the table and of the release have each key."""
        if not len(probes.keys):
            self._outside += records
            return
        subject = None if probes.subject is None else probes.subject[probes.rows]
        table = Classes(probes.keys, probes.counts[probes.rows], subject)
        mine = np.zeros(len(table), np.int64)
        if len(classes):
            place = np.minimum(np.searchsorted(table.keys, classes.keys), len(table) - 1)
            meets = table.keys[place] == classes.keys
            mine[place[meets]] = classes.subjects[meets]
            self._outside += int(classes.records[~meets].sum())
            theirs = table.subjects[place[meets]]
            if len(theirs):
                self._least = min(int(theirs.min()), self._least or int(theirs.min()))
                mine_met = classes.subjects[meets]
                self._classes = self._classes + len(mine_met)
                self._met = self._met + int(mine_met.sum())
                self._population += int(theirs.sum())
                self._risk += float((mine_met / theirs).sum())
                self._risky += int(mine_met[theirs < self._k].sum())
        share = np.minimum(mine / table.subjects, 1.0)
        self._delta = [min(self._delta[0], float(share.min())), max(self._delta[1], float(share.max()))]


def _candidates(sizes: Counts) -> Candidates | None:
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return None
    return Candidates(len(sizes), int(sizes.min()), float(np.median(sizes)), float(sizes.mean()), int(sizes.max()))
