"""Who has each sensitive value, over all buckets: what every bucket must know of the others.

A person may have records in several buckets, so persons are counted in buckets of their own, by each identity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References, Spread, ValueReference
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, ordered_codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.counting.tallied import Tallied, groups_of
from beam_deid.transforms.counting.tallies import VALUE, WRITTEN, tallied, value_keys
from beam_deid.transforms.label.requirements.closeness import T
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number, tally
from beam_deid.transforms.risk.inference import Holders
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream


def references_of(classes: Classes, stages: Stages) -> References:
    """Count who has each sensitive value of a release, with the records that are left of it."""
    classes = tallied(classes, stages)
    seen, streams = stages.run(_Seen(classes, bool(classes.source.people.names)), classes.occupied)
    people = classes.source.people
    held = []
    for name in people.names:
        stream = stages.take(streams, _stream(name))
        found, _ = stages.run(_Held(stream, Column(PERSON, name), _columns(classes)), stream.filled)
        held.append(_merged_held(found, _columns(classes)))
    nothing = all(part.values is None for part in seen)
    counted = bool(people.names) and (nothing or all(everybody > 0 for everybody, _ in held))
    if people.names and not counted:  # records are told of then, as if each were a person
        seen, _ = stages.run(_Seen(classes, False), classes.occupied)
    known = {column: _reference(column, seen, held) for column in _columns(classes)}
    return References(
        counted,
        {column.field: one for column, one in known.items() if column.what == VALUE},
        {column.field: one for column, one in known.items() if column.what == WRITTEN},
    )


def _columns(classes: Classes) -> list[Column]:
    sensitive = classes.source.layout.sensitive
    return [Column(what, name) for what in (VALUE, WRITTEN) for name in sensitive]


def _stream(identity: str) -> str:
    return f"holders of {identity}"


@dataclass(frozen=True)
class ValuesSeen:
    """What records show of the values of a sensitive field. Arrays are of shape (v,).

    Attributes:
        keys: The key of each value, ascending.
        nobody: By each identity, records that count nobody.
        nobody_held: By each identity, those of them that have each value.
    """

    keys: Fingerprints
    nobody: tuple[int, ...]
    nobody_held: tuple[Counts, ...]


@dataclass(frozen=True)
class SpreadsSeen:
    """What groups show of the values of a sensitive field.

    Attributes:
        keys: The key of each value, ascending, shape (v,).
        spreads: By each identity of which figures are told, how persons with a value spread over these groups.
    """

    keys: Fingerprints
    spreads: tuple[Spread, ...]


@dataclass(frozen=True)
class BucketSeen:
    """What a bucket shows of the values of each sensitive field.

    Attributes:
        values: What its records show; None if it has no records.
        spreads: What its groups show.
    """

    values: Mapping[Column, ValuesSeen] | None
    spreads: Sequence[Mapping[Column, SpreadsSeen]]


@dataclass(frozen=True)
class _Seen:
    """Counts what is known of values in a bucket, and brings persons to buckets of their own with the values that they have."""

    classes: Classes
    counted: bool

    def run(self, bucket: int, out: Out) -> BucketSeen:
        """See `Task.run`."""
        known = References(self.counted, {}, {})
        seen = self.classes.seen(bucket, known)
        spreads = [
            {column: _spreads_seen(groups, column) for column in _columns(self.classes)}
            for groups in groups_of(self.classes, bucket, known, seen)
        ]
        return BucketSeen(None if seen.empty else self._values(seen, out), spreads)

    def _values(self, seen: Candidate, out: Out) -> dict[Column, ValuesSeen]:
        columns = {column: value_keys(seen, column) for column in _columns(self.classes)}
        nobody = []
        for name in self.classes.source.people.names:
            persons = seen.data.cells.column(PERSON, name)[seen.cells]
            somebody = persons != seen.data.job.prints.null
            nobody.append(np.where(somebody, 0, seen.counts))
            rows = {Column(PERSON, name): persons[somebody]}
            rows |= {column: keys[somebody] for column, keys in columns.items()}
            out.put(_stream(name), rows[Column(PERSON, name)], rows)
        return {column: _values_seen(keys, nobody) for column, keys in columns.items()}


def _values_seen(keys: Fingerprints, nobody: Sequence[Counts]) -> ValuesSeen:
    """What rows show of values: the value of each, and by each identity its records that count nobody, each of shape (n,)."""
    numbers, distinct = ordered_codes(keys)
    rows = [np.flatnonzero(each) for each in nobody]
    held = tuple(tally(numbers[own], each[own], len(distinct)) for own, each in zip(rows, nobody, strict=True))
    return ValuesSeen(distinct, tuple(int(each.sum()) for each in nobody), held)


def _spreads_seen(seen: Candidate | Tallied, column: Column) -> SpreadsSeen:
    found = {one.identity: one for one in _distributions(seen, column)}
    pairs = {identity: one.value_records for identity, one in found.items()}
    held = {identity: found[identity].value_keys[each > 0] for identity, each in pairs.items()}
    keys = np.unique(np.concatenate([np.empty(0, np.uint64), *held.values()]))
    spreads = []
    for identity in seen.told_identities(column.field):
        if identity in found:
            own = _at(keys, held[identity], pairs[identity][pairs[identity] > 0])
            spreads.append(Spread(own, int(found[identity].distinct.min())))
        else:
            spreads.append(Spread(np.zeros(len(keys), np.int64), None))
    return SpreadsSeen(keys, tuple(spreads))


def _distributions(seen: Candidate | Tallied, column: Column) -> Sequence[Distribution]:
    """How values spread over groups; of values as they are written where a test asks for that alone."""
    if column.what == VALUE:
        return seen.distributions(column.field)
    asked = T.of_field(seen.scope.asked, column.field) is not None
    return seen.as_written(column.field) if asked else ()


HeldParts = dict[Column, tuple[Fingerprints, Counts]]


@dataclass(frozen=True)
class _Held:
    """Counts the persons of a bucket who have each value."""

    stream: Stream
    person: Column
    columns: Sequence[Column]

    def run(self, bucket: int, out: Out) -> tuple[int, HeldParts]:
        """See `Task.run`."""
        rows = self.stream.read(bucket, (self.person, *self.columns))
        persons, everybody = codes(rows[self.person])
        found: HeldParts = {}
        counted: list[tuple[Counts, Counts]] = []
        for column in self.columns:
            numbers, keys = codes(rows[column])
            # Where each value has one spelling, values as they are written are numbered like the values.
            held = next((held for others, held in counted if np.array_equal(others, numbers)), None)
            if held is None:
                held = distinct_per_number(numbers, persons.view(np.uint64), len(keys))
                counted.append((numbers, held))
            found[column] = keys, held
        return len(everybody), found


Held = tuple[int, HeldParts]


def _merged_held(parts: Sequence[Held], columns: Sequence[Column]) -> Held:
    """All persons, and those who have each value; no person is in two parts."""
    merged = {}
    for column in columns:
        each = [found[column] for _, found in parts if column in found]
        merged[column] = _added([keys for keys, _ in each], [held for _, held in each])
    return sum(everybody for everybody, _ in parts), merged


def _added(keys: Sequence[Fingerprints], counts: Sequence[Counts]) -> tuple[Fingerprints, Counts]:
    """Counts by key, ascending, added up."""
    numbers, distinct = ordered_codes(np.concatenate([np.empty(0, np.uint64), *keys]))
    total = np.zeros(len(distinct), np.int64)
    np.add.at(total, numbers, np.concatenate([np.empty(0, np.int64), *counts]))
    return distinct, total


def _reference(column: Column, buckets: Sequence[BucketSeen], held: Sequence[Held]) -> ValueReference:
    """What is known of a field's values, from all buckets."""
    parts = [bucket.values[column] for bucket in buckets if bucket.values is not None]
    keys = np.unique(np.concatenate([np.empty(0, np.uint64), *(part.keys for part in parts)]))
    holders = []
    for identity, (everybody, found) in enumerate(held):
        nobody = [part.nobody_held[identity] for part in parts]
        holders.append(
            Holders(
                everybody,
                _at(keys, *found[column]),
                sum(part.nobody[identity] for part in parts),
                _at(keys, *_added([part.keys for part in parts], nobody)),
            )
        )
    spreads = [groups[column] for bucket in buckets for groups in bucket.spreads]
    return ValueReference(keys, tuple(holders), _spreads(keys, spreads))


def _spreads(keys: Fingerprints, parts: Sequence[SpreadsSeen]) -> tuple[Spread, ...]:
    many = len(parts[0].spreads) if parts else 0
    found = []
    for identity in range(many):
        each = [
            Spread(_at(keys, part.keys, part.spreads[identity].pairs), part.spreads[identity].least) for part in parts
        ]
        found.append(Spread.merge(each))
    return tuple(found)


def _at(keys: Fingerprints, own: Fingerprints, counts: Counts) -> Counts:
    """Counts of some of the values as counts of all of them, shape (keys,)."""
    whole = np.zeros(len(keys), np.int64)
    whole[np.searchsorted(keys, own)] = counts
    return whole
