"""Who has each sensitive value, over all buckets: what every bucket must know of the others.

A person may have records in several buckets, so persons are counted in buckets of their own, by each identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References, Spread, ValueReference
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, ordered_codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.label.requirements.closeness import T
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number, tally
from beam_deid.transforms.risk.inference import Holders
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream

VALUE = "value"
"""Values with all spellings of one as one; a column of a field."""
WRITTEN = "written"
"""Values as they are written; a column of a field."""


def references_of(classes: Classes, stages: Stages) -> References:
    """Count who has each sensitive value of a release, with the records that are left of it."""
    seen, streams = stages.run(_Seen(classes, bool(classes.source.people.names)))
    people = classes.source.people
    held = []
    for name in people.names:
        stream = stages.take(streams, _stream(name))
        found, _ = stages.run(_Held(stream, Column(PERSON, name), _columns(classes)))
        held.append(_merged_held(found, _columns(classes)))
    nothing = all(part is None for part in seen)
    counted = bool(people.names) and (nothing or all(everybody > 0 for everybody, _ in held))
    if people.names and not counted:  # records are told of then, as if each were a person
        seen, _ = stages.run(_Seen(classes, False))
    parts = [part for part in seen if part is not None]
    known = {column: _reference(column, [part[column] for part in parts], held) for column in _columns(classes)}
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
    """What a bucket shows of the values of a sensitive field. Arrays are of shape (v,).

    Attributes:
        keys: The key of each value, ascending.
        spreads: By each identity of which figures are told, how persons with a value spread over groups.
        nobody: By each identity, records that count nobody.
        nobody_held: By each identity, those of them that have each value.
    """

    keys: Fingerprints
    spreads: tuple[Spread, ...]
    nobody: tuple[int, ...]
    nobody_held: tuple[Counts, ...]


@dataclass(frozen=True)
class _Seen:
    """Counts what is known of values in a bucket, and brings persons to buckets of their own with the values that they have."""

    classes: Classes
    counted: bool

    def run(self, bucket: int, out: Out) -> dict[Column, ValuesSeen] | None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, References(self.counted, {}, {}))
        if seen.empty:
            return None
        columns = {column: _keys(seen, column) for column in _columns(self.classes)}
        for name in self.classes.source.people.names:
            persons = seen.data.cells.column(PERSON, name)[seen.cells]
            somebody = persons != seen.data.job.prints.null
            rows = {Column(PERSON, name): persons[somebody]}
            rows |= {column: keys[somebody] for column, keys in columns.items()}
            out.put(_stream(name), rows[Column(PERSON, name)], rows)
        return {column: _values_seen(seen, column, keys) for column, keys in columns.items()}


def _keys(seen: Candidate, column: Column) -> Fingerprints:
    data = seen.data
    keys = data.normal_keys if column.what == VALUE else data.key
    return keys(column.field, seen.levels)[seen.cells]


def _values_seen(seen: Candidate, column: Column, keys: Fingerprints) -> ValuesSeen:
    numbers, distinct = ordered_codes(keys)
    identities = seen.told_identities(column.field)
    found = _distributions(seen, column)
    told = {one.identity: one for one in found}
    spreads = []
    for identity in identities:
        one = told.get(identity)
        pairs = np.zeros(len(distinct), np.int64)
        if one is not None:
            np.add.at(pairs, np.searchsorted(distinct, one.value_keys)[one.pair_value], one.pair_records)
        spreads.append(Spread(pairs, None if one is None else int(one.distinct.min())))
    nobody = [np.where(persons < 0, seen.counts, 0) for persons in seen.persons.numbers]
    return ValuesSeen(
        distinct,
        tuple(spreads),
        tuple(int(each.sum()) for each in nobody),
        tuple(tally(numbers, each, len(distinct)) for each in nobody),
    )


def _distributions(seen: Candidate, column: Column) -> Sequence[Distribution]:
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
        found = {}
        for column in self.columns:
            numbers, keys = codes(rows[column])
            found[column] = keys, distinct_per_number(numbers, persons.view(np.uint64), len(keys))
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


def _reference(column: Column, parts: Sequence[ValuesSeen], held: Sequence[Held]) -> ValueReference:
    """What is known of a field's values, from all buckets."""
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
    return ValueReference(keys, tuple(holders), _spreads(keys, parts))


def _spreads(keys: Fingerprints, parts: Sequence[ValuesSeen]) -> tuple[Spread, ...]:
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
