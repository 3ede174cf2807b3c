"""k with all rows of a person as one composite value, over all buckets; see `risk.measures.k_anonymity`."""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.counting.people import PERSON, People
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.measures.k_anonymity import member_keys
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams

_SUM = Column("sum")
_SUMS = "sums"


def put_composites(seen: Candidate, identities: tuple[str, ...], out: Out) -> None:
    """Set aside, for each person of a bucket, the sum of the keys of its classes.

    Args:
        seen: The bucket.
        identities: The identities by which persons are counted.
        out: Where it is set aside.
    """
    keys = seen.data.keys(seen.scope.rest, seen.levels)[seen.cells]
    members = member_keys(keys, seen.counts)
    for at, name in enumerate(identities):
        keys = seen.person_keys(at)
        numbers = seen.who(at).view(np.int64)
        there = np.bincount(numbers, minlength=len(keys)) > 0
        who = keys[there]
        sums = _summed(numbers, members, len(keys))[there]
        out.put(_stream(name), who, {Column(PERSON, name): who, _SUM: sums})


def composite_of(people: People, linked: bool, streams: Streams, stages: Stages) -> int | None:
    """The fewest persons who share one multiset of classes, by the identity that shows the fewest.

    Args:
        people: The persons of all records.
        linked: Whether rows can be linked, which then every identity does; else the subject's alone are counted.
        streams: What `put_composites` set aside.
        stages: Runs tasks over it.
    """
    found = []
    for name in counted_identities(people, linked):
        persons = stages.take(streams, _stream(name))
        _, put = stages.run(_PerPerson(persons, Column(PERSON, name)), persons.filled)
        sums = stages.take(put, _SUMS)
        fewest, _ = stages.run(_PerSum(sums), sums.filled)
        found += [each for each in fewest if each is not None]
    return min(found, default=None)


def counted_identities(people: People, linked: bool) -> tuple[str, ...]:
    """The identities by which composites are counted."""
    return people.names if linked else people.names[:1]


def _stream(name: str) -> str:
    return f"composites of {name}"


def _summed(numbers: Counts, values: Fingerprints, many: int) -> Fingerprints:
    """The sum of the values of each number modulo 2⁶⁴, shape (many,)."""
    sums = np.zeros(many, np.uint64)
    np.add.at(sums, numbers, values)
    return sums


@dataclass(frozen=True)
class _PerPerson:
    """Adds up the sums of each person of a bucket, and brings equal sums together."""

    stream: Stream
    person: Column

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self.stream.read(bucket, (self.person, _SUM))
        numbers, persons = codes(rows[self.person])
        sums = _summed(numbers, rows[_SUM], len(persons))
        # In a large group most persons have the same sum.
        distinct, many = np.unique(sums, return_counts=True)
        out.put(_SUMS, mix(distinct.copy()), {_SUM: distinct, COUNT: many})


@dataclass(frozen=True)
class _PerSum:
    """Counts the persons of each sum."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> int | None:
        """The fewest; None where there are no sums; see `Task.run`."""
        rows = self.stream.read(bucket, (_SUM, COUNT))
        numbers, distinct = codes(rows[_SUM])
        return int(tally(numbers, rows[COUNT], len(distinct)).min()) if len(distinct) else None
