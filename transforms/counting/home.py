"""The records of a run as they were measured, in buckets by whom they are about, and whose they are by every identity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.people import PERSON, People
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.aside import RECORD, SIGNATURE
from beam_deid.transforms.measure.each_record import record_persons
from beam_deid.transforms.measure.identified import Identified
from beam_deid.transforms.measure.people import Counted, people_of
from beam_deid.transforms.measure.person_facts import PersonFacts, person_facts
from beam_deid.transforms.measure.person_mappings import Inside, Mapped, Mappings, mapped_in, others_of
from beam_deid.transforms.measure.shared_values import (
    Often,
    Seen,
    Shared,
    SubjectsOfValues,
    seen_in,
    slot_bits,
    subjects_in,
)
from beam_deid.transforms.policy.scoping import identities, names_a_crowd
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams

_FILE = Column("file")


@dataclass(frozen=True)
class Home:
    """The records of a run, in buckets by the subject.

    Attributes:
        job: The run.
        rows: The records: what was measured of each.
        shared: The values of identities that name nobody.
        null: The key of null.
    """

    job: Job
    rows: Stream
    shared: Shared
    null: np.uint64

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return self.rows.buckets

    @property
    def filled(self) -> list[int]:
        """The buckets that have any record; one that has none, where no bucket has."""
        return self.rows.filled or [0]

    @property
    def others(self) -> tuple[str, ...]:
        """The identities beside the subject."""
        subject = self.job.policy.subject_field
        return tuple(name for name in identities(self.job.policy) if name != subject)

    def read(self, bucket: int, wanted: Sequence[Column]) -> dict[Column, Any]:
        """Read columns of a bucket, those of persons among them: see `Stream.read`."""
        own = [column for column in wanted if column.what != PERSON]
        if len(own) == len(wanted):
            return self.rows.read(bucket, own)
        given = self.rows.read(bucket, tuple(dict.fromkeys([*own, *self._identity_columns])))
        people = people_of(self._identified(given, bucket), self.shared)
        names = (self._subject_name, *self.others)
        given |= {Column(PERSON, name): keys for name, keys in zip(names, people.keys, strict=True)}
        return {column: given[column] for column in wanted}

    def identified(self, bucket: int) -> Identified:
        """Whom the records of a bucket name."""
        return self._identified(self.rows.read(bucket, self._identity_columns), bucket)

    def _identified(self, columns: dict[Column, Any], bucket: int) -> Identified:
        policy = self.job.policy
        if policy.subject_field is None:
            subject = _each_record(columns, bucket)
        else:
            subject = columns[Column("identity", policy.subject_field)]
        return Identified(subject, tuple(columns[Column("identity", name)] for name in self.others), self.null)

    @property
    def _subject_name(self) -> str:
        return str(self.job.policy.subject)

    @property
    def _identity_columns(self) -> tuple[Column, ...]:
        found = [Column("identity", name) for name in identities(self.job.policy)]
        if self.job.policy.subject == EACH_RECORD:
            found.append(RECORD if self.job.keys_each_record else SIGNATURE)
            if self.job.files > 1:
                found.append(_FILE)
        return tuple(found)


def _each_record(columns: dict[Column, Any], bucket: int) -> Fingerprints:
    """A key for each record as a person of its own; a record that is in several files counts as one."""
    if RECORD not in columns:
        rows = columns[SIGNATURE]
        places = np.arange(len(rows), dtype=np.uint64)
        return combine([np.full(len(rows), bucket, np.uint64), places], len(rows))
    return record_persons(columns[RECORD], columns.get(_FILE))


@PROGRESS.doing("finding each person's records")
def home_of(job: Job, rows: Stream, stages: Stages) -> tuple[Home, People]:
    """Find out whose the records of a run are, by every identity.

    Args:
        job: The run.
        rows: Its records, in buckets by `home_keys`.
        stages: Runs tasks over them.
    """
    null = job.prints.null
    home = Home(job, rows, Shared.none(len(identities(job.policy))), null)
    if job.policy.subject is None:
        return home, People()
    home = Home(job, rows, _shared(home, stages), null)
    found, streams = stages.run(_Persons(home), home.filled)
    counted = Counted.merge([one.counted for one in found])
    inside = Inside.merge([one.inside for one in found])
    mapped = _mapped(home, inside, streams, stages)
    nobody = sum(one.records_of_nobody for one in found)
    return home, _people(job, person_facts(home.others, home.shared, counted, inside, mapped), nobody)


def _shared(home: Home, stages: Stages) -> Shared:
    """The values that name nobody."""
    if not names_a_crowd(home.job.policy) or not home.others:
        return Shared.none(len(home.others))
    seen, _ = stages.run(_Seen(home, slot_bits(home.rows.rows)), home.filled, merge=Seen.merge)
    often = seen[0].often()
    if often.is_empty:
        return Shared.none(len(home.others))
    subjects, _ = stages.run(_Subjects(home, often), home.filled, merge=SubjectsOfValues.merge)
    return subjects[0].shared()


def _people(job: Job, facts: PersonFacts, nobody: int) -> People:
    subject = str(job.policy.subject)
    names = (subject, *facts.names[1:])
    same_as = {name: names[facts.names.index(other)] for name, other in facts.same_as.items()}
    return People(names, same_as, facts.shared, facts.filled, nobody, facts.finer)


@dataclass(frozen=True)
class _Seen:
    """Counts subjects by the beginnings of their values."""

    home: Home
    bits: int

    def run(self, bucket: int, out: Out) -> Seen:
        """See `Task.run`."""
        return seen_in(self.home.identified(bucket), self.bits)


@dataclass(frozen=True)
class _Subjects:
    """Counts the subjects of values that may name nobody."""

    home: Home
    often: Often

    def run(self, bucket: int, out: Out) -> SubjectsOfValues:
        """See `Task.run`."""
        return subjects_in(self.home.identified(bucket), self.often)


@dataclass(frozen=True)
class PersonsFound:
    """What a bucket says of its persons.

    Attributes:
        counted: How rows came to their persons.
        inside: Which persons by one identity are parts of persons by another.
        records_of_nobody: Records that count nobody by the subject.
    """

    counted: Counted
    inside: Inside
    records_of_nobody: int


@dataclass(frozen=True)
class _Persons:
    """Finds the persons of a bucket, and brings those of identities to buckets of their own.

    So are the persons of each identity but the subject that are parts of another one's as far as this bucket knows, with the
    persons that they are by all others.
    """

    home: Home

    def run(self, bucket: int, out: Out) -> PersonsFound:
        """See `Task.run`."""
        people = people_of(self.home.identified(bucket), self.home.shared)
        counts = self.home.read(bucket, (COUNT,))[COUNT]
        nobody = int(counts[people.rows.who < 0].sum())
        mappings = people.mappings
        for at in range(1, len(people.keys)):
            if mappings.inside.undecided(at):
                _put_table(at, mappings, out)
        return PersonsFound(people.counted, mappings.inside, nobody)


def _put_table(at: int, mappings: Mappings, out: Out) -> None:
    others = others_of(len(mappings.keys), at)
    own, *images = mappings.table(at, others)
    columns = {_image(other): image for other, image in zip(others, images, strict=True)}
    out.put(str(at), own, {_image(at): own, **columns})


def _image(identity: int) -> Column:
    return Column("image", str(identity))


def _mapped(home: Home, inside: Inside, streams: Streams, stages: Stages) -> list[Mapped]:
    """Of each identity but the subject, of whose persons its persons are parts.

    What no bucket refutes by itself is seen where all records of a person by that identity are together.
    """
    mapped = []
    for at in range(1, len(home.others) + 1):
        others = inside.undecided(at)
        found, _ = stages.run(_Mapped(stages.take(streams, str(at)), at, others)) if others else ([], {})
        mapped.append(Mapped.merge(found) if found else Mapped(0, frozenset()))
    return mapped


@dataclass(frozen=True)
class _Mapped:
    """Counts the persons of a bucket by one identity, and sees whether they are parts of persons by others."""

    stream: Stream
    at: int
    others: Sequence[int]

    def run(self, bucket: int, out: Out) -> Mapped:
        """See `Task.run`."""
        wanted = [_image(identity) for identity in (self.at, *self.others)]
        rows = self.stream.read(bucket, wanted)
        return mapped_in([rows[column] for column in wanted], self.others)
