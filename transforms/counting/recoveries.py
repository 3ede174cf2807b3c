"""Attacks on what masks and pseudonyms still show, over all buckets; see `attack.remainders`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beam_deid.transforms.attack.remainders import Attacks, attacks_on, remainder_recoveries
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.crowds import (
    HOLDER,
    VALUE,
    put_counted_pairs,
    put_crowds,
    read_counted_pairs,
    read_crowds,
    stream_of,
)
from beam_deid.transforms.counting.intervals import First, intervals_of, put_dates
from beam_deid.transforms.counting.matching import matched_of
from beam_deid.transforms.counting.tallied import groups_of
from beam_deid.transforms.counting.tallies import tallied
from beam_deid.transforms.label.evidence import Recovery
from beam_deid.transforms.risk.belongings import Belongings, Crowds
from beam_deid.transforms.risk.histogram import tally
from beam_deid.transforms.risk.recovery.frequency import HowOften, Known, Matched
from beam_deid.transforms.risk.recovery.pseudonyms import Recovered, of_records, unlike_others
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams

_SUBJECTS = "subjects"
_SIZES = "holders of values"
_ALONE = "holders who are alone"


def recoveries_of(classes: Classes, everywhere: References, stages: Stages) -> list[Recovery]:
    """Attack the parts of values that masks leave, and pseudonyms.

    Args:
        classes: What is left of a release.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.

    Raises:
        InputError: A table of frequencies cannot be read.
    """
    data = classes.source.nothing
    layout = data.layout
    if not (layout.remainders or layout.matched):
        return []
    remains = RemainsInBuckets(classes, everywhere, stages)
    if remains.empty:
        return []
    return remainder_recoveries(data.job.policy, layout, remains, data.measured.types, data.job.prints)


class RemainsInBuckets:
    """What is attacked of a release in buckets; see `Attacked`.

    Args:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.
    """

    def __init__(self, classes: Classes, everywhere: References, stages: Stages) -> None:
        self._classes = classes
        self._everywhere = everywhere
        self._stages = stages
        classes = tallied(classes, stages)
        found, self._streams = stages.run(_Show(classes, everywhere), classes.occupied)
        self._shown = [each.firsts for each in found if each.firsts is not None]
        self._fewest = [each.fewest for each in found if each.fewest is not None]

    @property
    def empty(self) -> bool:
        """Whether no record is left."""
        return not self._shown

    @property
    def joined(self) -> int:
        """See `Attacked.joined`."""
        return min(self._fewest, default=0)

    def mask(self, name: str) -> tuple[Recovered, int]:
        """See `Attacked.mask`."""
        if not self._everywhere.counted:
            return of_records(self._how_often(name))
        sizes, streams = self._sizes("mask", name)
        alone = _distinct(stream_of(streams, _ALONE, self._stages), self._stages)
        return Recovered(self._subjects, alone), min(size.fewest for size in sizes if size is not None)

    def frequency(self, name: str) -> Recovered:
        """See `Attacked.frequency`."""
        return unlike_others(self._how_often(name))

    def surrogates(self, name: str) -> Recovered:
        """See `Attacked.surrogates`."""
        sizes, _ = self._sizes("surrogates", name)
        there = [size for size in sizes if size is not None]
        return Recovered(sum(size.values for size in there), sum(size.alone for size in there))

    def intervals(self, name: str) -> Recovered | None:
        """See `Attacked.intervals`."""
        if not self._everywhere.counted:
            return None
        return intervals_of(name, [firsts[name] for firsts in self._shown], self._streams, self._stages)

    def matched(self, name: str, known: Known, key: FingerprintKey) -> Matched:
        """See `Attacked.matched`."""
        return matched_of(name, known, key, self._classes, self._everywhere, self._stages)

    @cached_property
    def _subjects(self) -> int:
        return _distinct(stream_of(self._streams, _SUBJECTS, self._stages), self._stages)

    def _how_often(self, name: str) -> HowOften:
        found, _ = self._stages.run(_HowOften(stream_of(self._streams, _stream("values", name), self._stages)))
        return HowOften.merge(found)

    def _sizes(self, what: str, name: str) -> "tuple[list[_Size | None], Streams]":
        """How many holders the values of a field have."""
        pairs = stream_of(self._streams, _stream(what, name), self._stages)
        _, streams = self._stages.run(_Pairs(pairs), pairs.filled)
        sizes = self._stages.take(streams, _SIZES)
        return self._stages.run(_Sizes(sizes), sizes.filled)


def _stream(what: str, name: str) -> str:
    return f"{what} of {name}"


def _distinct(stream: Stream, stages: Stages) -> int:
    found, _ = stages.run(_Distinct(stream), stream.filled)
    return sum(found)


@dataclass(frozen=True)
class _Shown:
    """What a bucket shows.

    Attributes:
        fewest: Fewest subjects who share all quasi-identifiers; None where no groups are counted.
        firsts: By field the first time that nobody has; None where there are no records.
    """

    fewest: int | None
    firsts: Mapping[str, First] | None


@dataclass(frozen=True)
class _Show:
    """Sets aside what is attacked of the rows of a bucket."""

    classes: Classes
    everywhere: References

    def run(self, bucket: int, out: Out) -> _Shown:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        if seen.empty:
            return _Shown(self._fewest(bucket, seen), None)
        layout = seen.data.layout
        asked = {name: attacks_on(seen.data.job.policy, layout, name) for name in layout.remainders}
        firsts = {}
        for name, attacks in asked.items():
            _put(seen, name, attacks, out)
            if attacks.intervals and seen.counted:
                moments = seen.data.cells.column("moment", name, layout.release)[seen.cells]
                firsts[name] = put_dates(name, seen, moments.view(np.int64), out)
        if seen.counted and any(attacks.mask for attacks in asked.values()):
            _put_holders(_SUBJECTS, seen.subject_keys, out)
        return _Shown(self._fewest(bucket, seen), firsts)

    def _fewest(self, bucket: int, seen: Candidate) -> int | None:
        groups = groups_of(self.classes, bucket, self.everywhere, seen) if seen.counted else ()
        found = (each.groups(each.scope.rest) for each in groups)
        return min((each.fewest for each in found if len(each)), default=None)


def _put(seen: Candidate, name: str, attacks: Attacks, out: Out) -> None:
    """Set aside the values of a field, with how often or by whom they are held."""
    shown = seen.data.key(name, seen.levels)[seen.cells]
    if attacks.mask and seen.counted:
        put_counted_pairs(_stream("mask", name), Belongings.of(shown, seen.subject_keys, seen.counts), out)
    elif attacks.mask or attacks.frequency:
        numbers, distinct = codes(shown)
        counts = tally(numbers, seen.counts, len(distinct))
        out.put(_stream("values", name), distinct, {VALUE: distinct, COUNT: counts})
    if attacks.surrogates:
        origin = seen.data.cells.column("origin", name, seen.data.layout.release)[seen.cells]
        put_counted_pairs(_stream("surrogates", name), Belongings.of(shown, origin, seen.counts), out)


def _put_holders(stream: str, holders: Fingerprints, out: Out) -> None:
    _, distinct = codes(holders)
    out.put(stream, distinct, {HOLDER: distinct})


@dataclass(frozen=True)
class _HowOften:
    """Counts how many values of a bucket occur how often."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> HowOften:
        """See `Task.run`."""
        columns = self.stream.read(bucket, (VALUE, COUNT))
        numbers, distinct = codes(columns[VALUE])
        return HowOften.of(tally(numbers, columns[COUNT], len(distinct)))


@dataclass(frozen=True)
class _Pairs:
    """Counts the holders of the values of a bucket, as far as they are in it."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        put_crowds(_SIZES, Crowds.of(read_counted_pairs(self.stream, bucket)), out)


@dataclass(frozen=True)
class _Size:
    """How many holders values have.

    Attributes:
        values: The number of values.
        alone: How many of them have one holder.
        fewest: Fewest holders of a value.
    """

    values: int
    alone: int
    fewest: int


@dataclass(frozen=True)
class _Sizes:
    """Adds up the holders of the values of a bucket, and sets aside those who alone have a value."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> _Size | None:
        """None where there is no value; see `Task.run`."""
        crowds = read_crowds(self.stream, bucket)
        if not len(crowds.values):
            return None
        alone = crowds.alone
        _put_holders(_ALONE, alone.somebody, out)
        return _Size(len(crowds.values), len(alone.values), int(crowds.holders.min()))


@dataclass(frozen=True)
class _Distinct:
    """Counts the distinct holders of a bucket."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> int:
        """See `Task.run`."""
        return len(codes(self.stream.read(bucket, (HOLDER,))[HOLDER])[1])
