"""What a join in buckets finds: rows of an attacker's table that meet somebody, and the persons of both sides.

Every probe, and all that it may meet, is in one bucket. A row that is looked for by several probes is summed up in a bucket of
its own, and so is a person of several rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import first_rows, ordered_codes
from beam_deid.transforms.counting.join_sides import ROW, WHO, Sides
from beam_deid.transforms.risk.attackers import AttackersMet, PersonsMet, RowsMet
from beam_deid.transforms.risk.histogram import Classes, Counts
from beam_deid.transforms.risk.matches import Matches
from beam_deid.transforms.risk.presence import PresenceCounts
from beam_deid.transforms.risk.probes import Found, Probes, ProbesMet, Released
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_cipher import Words
from beam_deid.transforms.run.stages import COUNT, Out, Stream

ROWS = "rows"
"""Rows of the attacker's table, one for each of their probes."""
PAIRS = "pairs"
"""Whom rows meet that may be exposed."""
ATTACKERS = "attackers"
"""Persons of the attacker's table, with what is said of their rows."""
AMONG = "among"
"""Released persons, or records where these name nobody, who are exposed."""
SOURCE = "source"
"""Persons of the source."""

_HOW = Column("how")
_FEWEST = Column("fewest")
_FOUND = Column("found")
_ONLY = Column("only")
_PERSONS = Column("persons")
_IDENTITY = Column("identity")
_MET = 1
_FULL = 2
"""Times two to the power of an identity's place: a probe meets enough persons by it."""
_ROWS = 40
"""Bits that number the rows of a bucket, where each released record is a person."""


class BucketMet(NamedTuple):
    """What the probes of a bucket meet, or the rows of a bucket.

    Attributes:
        attackers: The attacker's records, where it names nobody.
        among: Released records that are exposed, where they name nobody; else an upper bound, where only that is known.
    """

    attackers: AttackersMet | None
    among: int


class KeysMet(NamedTuple):
    """What is said of the keys of a bucket.

    Attributes:
        records: Released records.
        presence: How many of both sides have each key.
        pairs: How many pairs of a probe that may be exposed and a person it meets there are.
        met: What the probes meet; None where rows may have several.
    """

    records: int
    presence: PresenceCounts
    pairs: int
    met: BucketMet | None


@dataclass(frozen=True)
class Meet:
    """Lets the probes of a bucket meet its released rows."""

    sides: Sides

    def run(self, bucket: int, out: Out) -> KeysMet:
        """See `Task.run`."""
        released, probes, rows = self.sides.read(bucket)
        classes = Classes(released.keys, released.counts, released.subject)
        found = _found(self.sides, released, classes, probes)
        presence = PresenceCounts.of(classes, probes)
        records = int(released.counts.sum())
        if rows is not None:
            _put_probes(rows, probes, found, self.sides.k, out)
            return KeysMet(records, presence, 0 if found is None else found.told(self.sides.k), None)
        attackers = put_rows(_rows_met(probes, found), out)
        among = 0 if found is None else self._among(released, found, out)
        return KeysMet(records, presence, 0, BucketMet(attackers, among))

    def _among(self, released: Released, found: ProbesMet, out: Out) -> int:
        """The released records that are exposed; if they name persons, these are set aside."""
        there = found.meeting.rows(found.few)
        if released.subject is None:
            return int(released.counts[there].sum())
        who = np.unique(released.subject[there])
        put_among(who[who != self.sides.nobody], None, out)
        return 0


def _found(sides: Sides, released: Released, classes: Classes, probes: Probes) -> ProbesMet | None:
    """Whom probes meet; None where there are none, or no released row."""
    if not len(released.keys) or not len(probes.keys):
        return None
    return ProbesMet.of(released, classes, probes, sides.k, sides.nobody)


def _rows_met(probes: Probes, found: ProbesMet | None) -> RowsMet:
    """Whom rows meet that have one probe each."""
    if found is not None:
        return RowsMet(probes.counts, probes.subject, found.found, found.only, found.meeting.met, found.few)
    many = len(probes.counts)
    none = np.zeros(many, bool)
    return RowsMet(probes.counts, probes.subject, np.zeros(many, np.int64), np.zeros(many, np.uint64), none, none)


def put_rows(rows: RowsMet, out: Out) -> AttackersMet | None:
    """Set aside what is said of the persons of rows; or count records, where nobody is named."""
    if rows.subject is None:
        return AttackersMet.of_records(rows)
    persons = PersonsMet.of(rows.subject, rows.how, rows.fewest)
    columns = {WHO: persons.who, _HOW: persons.how.view(np.uint64), _FEWEST: persons.fewest.view(np.uint64)}
    out.put(ATTACKERS, persons.who, columns)
    return None


def put_among(who: Fingerprints, counts: Counts | None, out: Out) -> None:
    """Set aside released persons who are exposed, with how many records each stands for that is counted as a person."""
    counts = np.ones(len(who), np.int64) if counts is None else counts
    out.put(AMONG, mix(who.copy()), {WHO: who, COUNT: counts})


def _put_probes(rows: Fingerprints, probes: Probes, found: ProbesMet | None, k: int, out: Out) -> None:
    """Set aside what each probe meets, by its row."""
    met = _rows_met(probes, found)
    how = _MET * met.met.astype(np.uint64)
    persons = np.zeros(len(rows), np.int64)
    if found is not None:
        persons = found.persons[0]
        for place, many in enumerate(found.persons):
            how |= np.uint64(_FULL << place) * (many >= k).astype(np.uint64)
    columns: dict[Column, Words] = {
        ROW: rows,
        _FOUND: met.found.view(np.uint64),
        _ONLY: met.only,
        _HOW: how,
        COUNT: probes.counts,
    }
    columns[_PERSONS] = persons.view(np.uint64)
    if probes.subject is not None:
        columns[WHO] = probes.subject
    out.put(ROWS, mix(rows.copy()), columns)


@dataclass(frozen=True)
class Pair:
    """Sets aside whom the rows of a bucket meet that may be exposed, by the row."""

    sides: Sides

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        released, probes, rows = self.sides.read(bucket)
        classes = Classes(released.keys, released.counts, released.subject)
        found = _found(self.sides, released, classes, probes)
        if found is None or rows is None:
            return
        for pairs in found.pairs(released, self.sides.k, self.sides.nobody, bucket << _ROWS):
            whose = rows[pairs.probes]
            identity = np.full(len(whose), pairs.identity, np.uint64)
            out.put(PAIRS, mix(whose.copy()), {ROW: whose, _IDENTITY: identity, WHO: pairs.who, COUNT: pairs.counts})


class SpeltMet(NamedTuple):
    """What is said of the rows of a bucket.

    Attributes:
        several: Whether any row has several probes.
        met: What they meet.
    """

    several: bool
    met: BucketMet


@dataclass(frozen=True)
class SumUp:
    """Sums up the rows of a bucket that are looked for by several probes.

    Attributes:
        sides: Both sides.
        rows: The probes by their rows.
        pairs: Whom rows meet that may be exposed; None where these are too many, so that a row counts as exposed unless one of
            its probes alone meets enough persons by every identity.
    """

    sides: Sides
    rows: Stream
    pairs: Stream | None

    def run(self, bucket: int, out: Out) -> SpeltMet:
        """See `Task.run`."""
        named = [WHO] if self.sides.named else []
        probes = self.rows.read(bucket, (ROW, _FOUND, _ONLY, _HOW, _PERSONS, *named, COUNT))
        numbers, distinct = ordered_codes(probes[ROW])
        many = len(distinct)
        first = first_rows(numbers, many)
        how = np.zeros(many, np.uint64)
        np.bitwise_or.at(how, numbers, probes[_HOW])
        found = Found(many)
        found.add(numbers, probes[_FOUND].view(np.int64), probes[_ONLY])
        met = (how & np.uint64(_MET)) > 0
        whom = self._whom(bucket, distinct)
        exposed = met & self._few(how, whom)
        subject = probes[WHO][first] if self.sides.named else None
        rows = RowsMet(probes[COUNT][first], subject, *found.result(self.sides.counted), met, exposed)
        among = self._among(exposed, numbers, probes[_PERSONS].view(np.int64), whom, out)
        return SpeltMet(many < len(numbers), BucketMet(put_rows(rows, out), among))

    @property
    def _identities(self) -> int:
        others = len(self.sides.classes.source.people.names[1:])
        return 1 + others

    def _whom(self, bucket: int, rows: Fingerprints) -> list[Matches] | None:
        """Whom each row meets by each identity."""
        if self.pairs is None:
            return None
        pairs = self.pairs.read(bucket, (ROW, _IDENTITY, WHO, COUNT))
        place = np.searchsorted(rows, pairs[ROW])
        found = []
        for identity in range(self._identities):
            own = pairs[_IDENTITY] == identity
            matches = Matches()
            matches.add(place[own], pairs[WHO][own], pairs[COUNT][own])
            found.append(matches)
        return found

    def _few(self, how: Fingerprints, whom: Sequence[Matches] | None) -> Bools:
        """Which rows meet fewer than k persons by some identity, as far as that is known."""
        few = np.zeros(len(how), bool)
        for identity in range(self._identities):
            own = (how & np.uint64(_FULL << identity)) == 0
            if whom is not None:
                own &= whom[identity].persons(len(how)) < self.sides.k
            few |= own
        return few

    def _among(self, exposed: Bools, numbers: Counts, persons: Counts, whom: Sequence[Matches] | None, out: Out) -> int:
        """Set aside whom exposed rows meet; or say how many these are at most."""
        if whom is None:
            return int(persons[exposed[numbers]].sum())
        put_among(*whom[0].whom(exposed), out)
        return 0


@dataclass(frozen=True)
class CountAttackers:
    """Counts the persons of the attacker's table in a bucket.

    Attributes:
        persons: These persons.
        source: The persons of the source; None if the attacker's are all among them.
        nobody: The key of nobody.
    """

    persons: Stream
    source: Stream | None
    nobody: np.uint64

    def run(self, bucket: int, out: Out) -> AttackersMet:
        """See `Task.run`."""
        rows = self.persons.read(bucket, (WHO, _HOW, _FEWEST))
        persons = PersonsMet.of(rows[WHO], rows[_HOW].view(np.int64), rows[_FEWEST].view(np.int64))
        known = persons.who != self.nobody
        if self.source is not None:
            source = pa.array(self.source.read(bucket, (WHO,))[WHO])
            known &= pc.is_in(pa.array(persons.who), value_set=source).to_numpy(zero_copy_only=False)
        return AttackersMet.of_persons(persons, known)


@dataclass(frozen=True)
class CountAmong:
    """Counts the released persons of a bucket who are exposed."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> int:
        """See `Task.run`."""
        rows = self.stream.read(bucket, (WHO, COUNT))
        _, first = np.unique(rows[WHO], return_index=True)
        return int(rows[COUNT][first].sum())
