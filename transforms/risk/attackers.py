"""What a join says of an attacker's table: of its rows, and of the persons whom these are about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.exposed import Exposed
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.risk.sizes import Sizes

EXPOSED = 1
"""A row meets a released row, and fewer than k released persons."""
MET = 2
"""A row meets a released row."""
LINKED = 4
"""A row meets exactly one subject of the release."""
RIGHTLY = 8
"""That one is the row's own."""
MEETS_NOBODY = np.iinfo(np.int64).max
"""The fewest subjects whom a person's rows meet, where they meet none."""


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

    @classmethod
    def of(cls, sizes: Sizes) -> "Candidates | None":
        """Sum up how many the subjects may be; None where nobody is met.

        Args:
            sizes: Subjects of the attacker's by how many subjects of the release each may be, at least one.
        """
        many = len(sizes)
        if not many:
            return None
        until = np.cumsum(sizes.classes)
        middle = sizes.subjects[np.searchsorted(until, [(many - 1) // 2, many // 2], side="right")]
        mean = int((sizes.subjects * sizes.classes).sum()) / many
        return cls(many, sizes.least, float(middle.mean()), mean, sizes.largest)


@dataclass(frozen=True)
class RowsMet:
    """Whom the rows of an attacker's table meet. Arrays are of shape (a,), one entry a row.

    Attributes:
        counts: Records that each row stands for.
        subject: Whom each row is about; None if every record is a person of its own.
        found: Subjects of the release whom each row meets; its records where these name nobody.
        only: One of them.
        met: Whether each meets any released row.
        exposed: Whether it meets some, and fewer than k released persons.
    """

    counts: Counts
    subject: Fingerprints | None
    found: Counts
    only: Fingerprints
    met: Bools
    exposed: Bools

    @property
    def how(self) -> Counts:
        """What there is to say of each row, as bits."""
        linked = self.found == 1
        how = EXPOSED * self.exposed.astype(np.int64)
        how |= MET * self.met.astype(np.int64)
        how |= LINKED * linked.astype(np.int64)
        if self.subject is not None:
            how |= RIGHTLY * (linked & (self.only == self.subject)).astype(np.int64)
        return how

    @property
    def fewest(self) -> Counts:
        """The subjects whom each row meets; `MEETS_NOBODY` where there are none."""
        fewest: Counts = np.where(self.found > 0, self.found, MEETS_NOBODY)
        return fewest


@dataclass(frozen=True)
class PersonsMet:
    """What there is to say of the persons of an attacker's table. Arrays are of shape (p,).

    Attributes:
        who: The key of each person; no two are equal.
        how: What there is to say of any of its rows, as bits.
        fewest: The fewest subjects whom one of its rows meets; `MEETS_NOBODY` if all meet none.
    """

    who: Fingerprints
    how: Counts
    fewest: Counts

    @classmethod
    def of(cls, who: Fingerprints, how: Counts, fewest: Counts) -> "PersonsMet":
        """Sum up what is said of rows or parts of persons, each of shape (n,). Summing up is associative."""
        numbers, distinct = codes(who)
        together = np.zeros(len(distinct), np.int64)
        np.bitwise_or.at(together, numbers, how)
        least = np.full(len(distinct), MEETS_NOBODY)
        np.minimum.at(least, numbers, fewest)
        return cls(distinct, together, least)


@dataclass(frozen=True)
class AttackersMet:
    """How many persons of an attacker's table there are, and what is said of them.

    Attributes:
        attackers: All of them; its records where it names nobody.
        exposed: Those of whom a row meets a released row, and fewer than k released persons.
        met: Those of whom a row meets a released row.
        known: Those who are in the source; all, where that cannot be told.
        known_met: Those of them of whom a row meets a released row.
        linked: Those of whom a row meets exactly one subject of the release.
        rightly: Those of whom a row meets itself alone.
        candidates: Those who meet anybody, by the fewest subjects whom a row of theirs meets.
    """

    attackers: int
    exposed: int
    met: int
    known: int
    known_met: int
    linked: int
    rightly: int
    candidates: Sizes

    @classmethod
    def of_records(cls, rows: RowsMet) -> "AttackersMet":
        """Count records, each of which is a person of its own."""
        attackers = int(rows.counts.sum())
        met = int(rows.counts[rows.met].sum())
        exposed = int(rows.counts[rows.exposed].sum())
        linked = int(rows.counts[rows.found == 1].sum())
        somebody = rows.found > 0
        candidates = Sizes.weighted(rows.found[somebody], rows.counts[somebody])
        return cls(attackers, exposed, met, attackers, met, linked, 0, candidates)

    @classmethod
    def of_persons(cls, persons: PersonsMet, known: Bools) -> "AttackersMet":
        """Count persons.

        Args:
            persons: The persons.
            known: Which of them are in the source, shape (p,).
        """
        exposed, met, linked, rightly = (persons.how & flag > 0 for flag in (EXPOSED, MET, LINKED, RIGHTLY))
        fewest = persons.fewest[persons.fewest < MEETS_NOBODY]
        return cls(
            attackers=len(persons.who),
            exposed=_many(exposed),
            met=_many(met),
            known=_many(known),
            known_met=_many(known & met),
            linked=_many(linked),
            rightly=_many(rightly),
            candidates=Sizes.of(fewest),
        )

    @classmethod
    def merge(cls, parts: Sequence["AttackersMet"]) -> "AttackersMet":
        """Add up parts that have no person in common. Merging is associative."""
        return cls(
            attackers=sum(part.attackers for part in parts),
            exposed=sum(part.exposed for part in parts),
            met=sum(part.met for part in parts),
            known=sum(part.known for part in parts),
            known_met=sum(part.known_met for part in parts),
            linked=sum(part.linked for part in parts),
            rightly=sum(part.rightly for part in parts),
            candidates=Sizes.merge([Sizes.none(), *(part.candidates for part in parts)]),
        )

    def linkage(self, truth: bool) -> Linked:
        """How many are linked.

        Args:
            truth: Whether both sides name subjects alike, so that right links can be told from wrong ones.
        """
        return Linked(self.attackers, self.linked, self.rightly if truth else None)

    def exposure(self, released: int, among: int, exact: bool) -> Exposed:
        """How many are exposed.

        Args:
            released: Released persons.
            among: Those who are among the fewer than k that some row meets.
            exact: Whether the exposed were counted exactly.
        """
        return Exposed(
            attackers=self.attackers,
            attackers_exposed=self.exposed,
            released=released,
            released_exposed=among,
            met=self.met,
            known=self.known,
            known_met=self.known_met,
            exact=exact,
        )


def _many(those: Bools) -> int:
    return int(np.count_nonzero(those))
