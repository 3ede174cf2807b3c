"""Who has each sensitive value, over all buckets: what every bucket must know of the others.

A person may have records in several buckets, so persons are counted in buckets of their own, by each identity.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams

Result = TypeVar("Result")


def references_of(classes: Classes, stages: Stages) -> References:
    """Count who has each sensitive value of a release, with the records that are left of it."""
    classes = tallied(classes, stages)
    people = classes.source.people
    seen, streams = _seen(classes, bool(people.names), stages)
    held = []
    for name in people.names:
        stream = stages.take(streams, _stream(name))
        found, _ = stages.run(_Held(stream, Column(PERSON, name), _columns(classes)), stream.filled, Held.merge)
        held.append(Held.merge(found))
    counted = bool(people.names) and (seen.values is None or all(one.everybody > 0 for one in held))
    if people.names and not counted:  # records are told of then, as if each were a person
        seen, _ = _seen(classes, False, stages)
    known = {column: _reference(column, seen, held) for column in _columns(classes)}
    return References(
        counted,
        {column.field: one for column, one in known.items() if column.what == VALUE},
        {column.field: one for column, one in known.items() if column.what == WRITTEN},
    )


def _seen(classes: Classes, counted: bool, stages: Stages) -> tuple["BucketSeen", Streams]:
    """What all buckets show, and who has which values."""
    found, streams = stages.run(_Seen(classes, counted), classes.occupied, BucketSeen.merge)
    return BucketSeen.merge(found), streams


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

    @classmethod
    def merge(cls, parts: Sequence["ValuesSeen"]) -> "ValuesSeen":
        """Merge parts, one at least. Merging is associative."""
        keys = _all_keys([part.keys for part in parts])
        nobody = zip(*(part.nobody for part in parts), strict=True)
        held = zip(*(part.nobody_held for part in parts), strict=True)
        own = [part.keys for part in parts]
        return cls(keys, tuple(map(sum, nobody)), tuple(_added(keys, own, counts) for counts in held))


@dataclass(frozen=True)
class SpreadsSeen:
    """What groups show of the values of a sensitive field.

    Attributes:
        keys: The key of each value, ascending, shape (v,).
        spreads: By each identity of which figures are told, how persons with a value spread over these groups.
    """

    keys: Fingerprints
    spreads: tuple[Spread, ...]

    @classmethod
    def merge(cls, parts: Sequence["SpreadsSeen"]) -> "SpreadsSeen":
        """Merge parts of different groups, one at least. Merging is associative."""
        keys = _all_keys([part.keys for part in parts])
        return cls(keys, tuple(map(Spread.merge, zip(*(part.over(keys) for part in parts), strict=True))))

    def over(self, keys: Fingerprints) -> tuple[Spread, ...]:
        """The same over other values, shape (keys,), ascending, with all these among them."""
        return tuple(Spread(_added(keys, [self.keys], [one.pairs]), one.least) for one in self.spreads)


@dataclass(frozen=True)
class BucketSeen:
    """What a bucket shows of the values of each sensitive field.

    Attributes:
        values: What its records show; None if it has no records.
        spreads: What its groups show; nothing if it has no groups.
    """

    values: Mapping[Column, ValuesSeen] | None
    spreads: Mapping[Column, SpreadsSeen]

    @classmethod
    def merge(cls, parts: Iterable["BucketSeen"]) -> "BucketSeen":
        """Merge what several buckets show. Merging is associative."""
        listed = list(parts)
        values = [part.values for part in listed if part.values is not None]
        spreads = [part.spreads for part in listed if part.spreads]
        return cls(_each(ValuesSeen.merge, values) if values else None, _each(SpreadsSeen.merge, spreads))


def _each(
    merge: Callable[[Sequence[Result]], Result], parts: Sequence[Mapping[Column, Result]]
) -> dict[Column, Result]:
    """Merge what parts, which all tell of the same columns, say of each of them."""
    return {column: merge([part[column] for part in parts]) for column in (parts[0] if parts else ())}


@dataclass(frozen=True)
class _Seen:
    """Counts what is known of values in a bucket, and brings persons to buckets of their own with the values that they have."""

    classes: Classes
    counted: bool

    def run(self, bucket: int, out: Out) -> BucketSeen:
        """See `Task.run`."""
        known = References(self.counted, {}, {})
        seen = self.classes.seen(bucket, known)
        values = None if seen.empty else self._values(seen, out)
        groups = groups_of(self.classes, bucket, known, seen)
        del seen  # as `groups_of` has it
        return BucketSeen(values, _each(SpreadsSeen.merge, list(map(self._spreads, groups))))

    def _spreads(self, seen: Candidate | Tallied) -> dict[Column, SpreadsSeen]:
        return {column: _spreads_seen(seen, column) for column in _columns(self.classes)}

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
            own = _added(keys, [held[identity]], [pairs[identity][pairs[identity] > 0]])
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


@dataclass(frozen=True)
class Held:
    """Who has each value, by one identity.

    Attributes:
        everybody: All persons.
        values: By sensitive column the key of each value, and how many persons have it, both of shape (v,).
    """

    everybody: int
    values: Mapping[Column, tuple[Fingerprints, Counts]]

    @classmethod
    def merge(cls, parts: Iterable["Held"]) -> "Held":
        """Merge parts that have no person in common. Merging is associative."""
        listed = list(parts)
        return cls(sum(part.everybody for part in listed), _each(_merged_counts, [part.values for part in listed]))

    def of(self, column: Column, keys: Fingerprints) -> Counts:
        """How many persons have each of some values, shape (keys,), ascending; all that anybody has are among them."""
        if column not in self.values:
            return np.zeros(len(keys), np.int64)
        own, counts = self.values[column]
        return _added(keys, [own], [counts])


@dataclass(frozen=True)
class _Held:
    """Counts the persons of a bucket who have each value."""

    stream: Stream
    person: Column
    columns: Sequence[Column]

    def run(self, bucket: int, out: Out) -> Held:
        """See `Task.run`."""
        rows = self.stream.read(bucket, (self.person, *self.columns))
        persons, everybody = codes(rows[self.person])
        found: dict[Column, tuple[Fingerprints, Counts]] = {}
        counted: list[tuple[Counts, Counts]] = []
        for column in self.columns:
            numbers, keys = codes(rows[column])
            # Where each value has one spelling, values as they are written are numbered like the values.
            held = next((held for others, held in counted if np.array_equal(others, numbers)), None)
            if held is None:
                held = distinct_per_number(numbers, persons.view(np.uint64), len(keys))
                counted.append((numbers, held))
            found[column] = keys, held
        return Held(len(everybody), found)


def _merged_counts(parts: Sequence[tuple[Fingerprints, Counts]]) -> tuple[Fingerprints, Counts]:
    """Counts by key, added up; the keys ascending."""
    own = [keys for keys, _ in parts]
    keys = _all_keys(own)
    return keys, _added(keys, own, [counts for _, counts in parts])


def _reference(column: Column, seen: BucketSeen, held: Sequence[Held]) -> ValueReference:
    """What is known of a field's values, from all buckets."""
    if seen.values is None:
        nothing = np.empty(0, np.int64)
        holders = tuple(Holders(one.everybody, nothing, 0, nothing) for one in held)
        return ValueReference(np.empty(0, np.uint64), holders, ())
    values = seen.values[column]
    holders = tuple(
        Holders(one.everybody, one.of(column, values.keys), nobody, nobody_held)
        for one, nobody, nobody_held in zip(held, values.nobody, values.nobody_held, strict=True)
    )
    return ValueReference(values.keys, holders, seen.spreads[column].over(values.keys) if seen.spreads else ())


def _all_keys(parts: Sequence[Fingerprints]) -> Fingerprints:
    """All keys of some parts, ascending."""
    return np.unique(np.concatenate(parts))


def _added(keys: Fingerprints, own: Sequence[Fingerprints], counts: Sequence[Counts]) -> Counts:
    """Counts of some of the values, part by part, added up as counts of all of them, shape (keys,)."""
    whole = np.zeros(len(keys), np.int64)
    for some, each in zip(own, counts, strict=True):
        whole[np.searchsorted(keys, some)] += each
    return whole
