"""The same as `candidate.listed` over all buckets: a person counts once, in however many buckets it has records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.listed import (
    Holders,
    InGroups,
    listed_bits,
    listed_values,
    places_in,
    spreads_of,
)
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.label.sensitive_values import ListedValues
from beam_deid.transforms.recognisers.categories.matching import Bits
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Out, Stages, Stream

_PERSONS = "persons with listed values"
_WHO = Column("who")
_LISTS = Column("lists")

Having = tuple[dict[int, int], int]
"""How many persons have values of each list, by its place, and how many persons there are."""


@dataclass(frozen=True)
class _Bucket:
    """What one bucket shows.

    Attributes:
        light: Of its whole groups.
        heavy: Of those that are spread over all buckets, as far as they are here; None without any.
        records: Records with values of each list, and all, where nobody says whom they are about.
    """

    light: InGroups
    heavy: Holders | None
    records: Having


@PROGRESS.doing("counting sensitive values")
def listed_in_buckets(classes: Classes, everywhere: References, stages: Stages) -> tuple[ListedValues, ...]:
    """What a release tells of sensitive values.

    Args:
        classes: What is left of it.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.

    Raises:
        OutputError: Rows cannot be set aside.
    """
    source = classes.source
    nothing = source.nothing
    known = (source.job.policy, source.layout.scope, source.measured, nothing.hit_forms)
    if not source.measured.listed:
        return listed_values(*known, {})
    found, streams = stages.run(_PerBucket(classes, everywhere), classes.filled)
    heavy = Holders.added([one.heavy for one in found if one.heavy is not None])
    in_groups = InGroups.merge([*(one.light for one in found), InGroups.of(heavy)])
    persons = stages.take(streams, _PERSONS)
    counted = [one.records for one in found]
    if everywhere.counted:
        counted, _ = stages.run(_PerPerson(persons), persons.filled)
    having, everybody = _added(counted)
    return listed_values(*known, spreads_of(in_groups, having, everybody))


def _added(parts: Sequence[Having]) -> Having:
    places = sorted({place for having, _ in parts for place in having})
    return {place: sum(having.get(place, 0) for having, _ in parts) for place in places}, sum(all_ for _, all_ in parts)


@dataclass(frozen=True)
class _PerBucket:
    """Counts the groups of a bucket, and sets its persons aside."""

    classes: Classes
    everywhere: References

    def run(self, bucket: int, out: Out) -> _Bucket:
        """See `Task.run`."""
        light = self.classes.seen_whole(bucket, self.everywhere)
        bits = listed_bits(light)
        in_groups = InGroups() if light.empty else InGroups.of(Holders.of(light, bits))
        records = [_set_aside(light, bits, out)]
        heavy = None
        if self.classes.heavy is not None:
            spread = self.classes.seen_heavy(bucket, self.everywhere)
            bits = listed_bits(spread)
            heavy = None if spread.empty else Holders.of(spread, bits)
            records.append(_set_aside(spread, bits, out))
        return _Bucket(in_groups, heavy, _added(records))


def _set_aside(seen: Candidate, bits: Bits, out: Out) -> Having:
    """Set the persons of some rows aside; or count records, where nobody says whom they are about."""
    if not seen.counted:
        having = {place: int(seen.counts[(bits & np.uint64(1 << place)) > 0].sum()) for place in places_in(bits)}
        return having, seen.records
    if not seen.empty:
        whose = seen.persons.numbers[0]
        together = np.zeros(seen.persons.sizes[0], np.uint64)
        named = whose >= 0
        np.bitwise_or.at(together, whose[named], bits[named])
        there = np.bincount(whose[named], minlength=len(together)) > 0
        who = seen.persons.keys[0][there]
        out.put(_PERSONS, who, {_WHO: who, _LISTS: together[there]})
    return {}, 0


@dataclass(frozen=True)
class _PerPerson:
    """Counts the persons of a bucket."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> Having:
        """See `Task.run`."""
        rows = self.stream.read(bucket, (_WHO, _LISTS))
        numbers, distinct = codes(rows[_WHO])
        lists = np.zeros(len(distinct), np.uint64)
        np.bitwise_or.at(lists, numbers, rows[_LISTS])
        having = {place: int(np.count_nonzero(lists & np.uint64(1 << place))) for place in places_in(lists)}
        return having, len(distinct)
