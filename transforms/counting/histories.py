"""Unicity of persons' histories over all buckets; see `risk.history`.

A history's points are brought to their persons: of each person, from every bucket, those that may be drawn, and the number of
all others. So no person with very many points fills a bucket. Who else has the points that were drawn is counted of pairs of
such points alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes, common_columns
from beam_deid.transforms.counting.crowds import (
    keep_pairs,
    put_counted_pairs,
    put_crowds,
    put_pairs,
    read_counted_pairs,
    read_crowds,
    read_pairs,
)
from beam_deid.transforms.risk.belongings import Belongings, Crowds
from beam_deid.transforms.risk.drawn_points import Havers, Owned, Share, may_be_drawn, owned_by
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.history import SAMPLES, History, Records, figures
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, filled

_WHO = Column("who")
_PAIRS = "points and persons"
_SIZES = "persons of points"
_OWN = "points of persons"
_OTHERS = "other points of persons"
_MORE = "number of other points of persons"
_ALONE = "points of one person"
_FOUND = "drawn points of persons"


def histories_of(
    classes: Classes, everywhere: References, stages: Stages, samples: int = SAMPLES
) -> list[History] | None:
    """The figures of a release for each number of points that anybody has.

    Args:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.
        samples: How many persons are drawn, where there are more.

    Returns:
        The figures; None without a subject or records.
    """
    if not everywhere.counted:
        return None
    records, streams = _pointed(classes, everywhere, stages)
    if not records.all:
        return None
    own = stages.take(streams, _OWN)
    more = stages.take(streams, _MORE)
    alone = stages.take(streams, _ALONE)
    task = _Own(own, more, alone, samples)
    parts, _ = stages.run(task, filled(own, more, alone), merge=partial(Owned.merge, samples=samples))
    owned = parts[0] if parts else Owned.merge([], samples)
    wanted = owned.sample.wanted(samples)
    points = (own, stages.take(streams, _OTHERS))
    _, found_points = stages.run(_Wanted(points, wanted), filled(*points))
    drawn = {number: owned.sample.of(number, samples) for number in owned.numbers[1:]}
    found, _ = stages.run(_Count(stages.take(found_points, _FOUND), wanted, drawn), merge=_summed)
    return figures(owned, records, found[0])


def _pointed(classes: Classes, everywhere: References, stages: Stages) -> tuple[Records, Streams]:
    """Bring points to their persons, and tell those that nobody else has.

    A point of which the columns that all groups have in common are a part lies in one bucket already, if no group is heavy.
    """
    layout = classes.source.layout
    whole = classes.heavy is None and {*common_columns(layout)} <= {*layout.history}
    found, streams = stages.run(_Points(classes, everywhere, whole), classes.filled)
    if not whole:
        pairs = stages.take(streams, _PAIRS)
        _, streams = stages.run(_Pairs(pairs), pairs.filled)
        sizes = stages.take(streams, _SIZES)
        found, alone = stages.run(_Sizes(sizes), sizes.filled)
        streams |= alone
    return Records(sum(one.all for one in found), sum(one.alone for one in found)), streams


@dataclass(frozen=True)
class _Points:
    """Looks what the points of a bucket are, and whose."""

    classes: Classes
    everywhere: References
    whole: bool

    def run(self, bucket: int, out: Out) -> Records:
        """The records, where points are counted already; see `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        if seen.empty:
            return Records(0, 0)
        pairs = seen.belongings
        if not self.whole:
            put_counted_pairs(_PAIRS, pairs, out)
            return Records(0, 0)
        _put_own(bucket, pairs, out)
        return _put_alone(Crowds.of(pairs), out)


@dataclass(frozen=True)
class _Pairs:
    """Brings the points of a bucket to their persons, and counts the persons of each."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        pairs = read_counted_pairs(self.stream, bucket)
        _put_own(bucket, pairs, out)
        put_crowds(_SIZES, Crowds.of(pairs), out)


@dataclass(frozen=True)
class _Sizes:
    """Adds up how many persons points have."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> Records:
        """The records of the points; see `Task.run`."""
        return _put_alone(read_crowds(self.stream, bucket), out)


def _put_own(bucket: int, pairs: Belongings, out: Out) -> None:
    """Set aside the points that may be drawn for their persons, and the others where they are."""
    chosen, more = may_be_drawn(pairs)
    first = pairs.where(chosen)
    put_pairs(_OWN, first, out)
    _put_share(_MORE, more, out)
    keep_pairs(_OTHERS, bucket, pairs.where(~chosen), out)


def _put_alone(crowds: Crowds, out: Out) -> Records:
    """Set aside for persons how many points they alone have."""
    alone = crowds.alone
    _put_share(_ALONE, Share(alone.somebody, alone.holders), out)
    return Records(int(crowds.records.sum()), int(alone.records.sum()))


def _put_share(stream: str, share: Share, out: Out) -> None:
    out.put(stream, share.who, {_WHO: share.who, COUNT: share.points})


def _share(stream: Stream, bucket: int) -> Share:
    columns = stream.read(bucket, (_WHO, COUNT))
    return Share(columns[_WHO], columns[COUNT])


@dataclass(frozen=True)
class _Own:
    """Counts the points of the persons of a bucket."""

    own: Stream
    more: Stream
    alone: Stream
    samples: int

    def run(self, bucket: int, out: Out) -> Owned:
        """See `Task.run`."""
        pairs = read_pairs(self.own, bucket)
        return owned_by(pairs, _share(self.more, bucket), _share(self.alone, bucket), self.samples)


@dataclass(frozen=True)
class _Wanted:
    """Brings points that were drawn to the persons who have them."""

    streams: Sequence[Stream]
    wanted: Fingerprints

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        for stream in self.streams:
            pairs = read_pairs(stream, bucket)
            put_pairs(_FOUND, pairs.where(is_among(pairs.values, self.wanted)), out)


@dataclass(frozen=True)
class _Count:
    """Counts the persons of a bucket who have all points of a sample."""

    stream: Stream
    wanted: Fingerprints
    drawn: Mapping[int, Fingerprints]

    def run(self, bucket: int, out: Out) -> dict[int, Counts]:
        """For each number of points how many have those of each person who was drawn; see `Task.run`."""
        havers = Havers(read_pairs(self.stream, bucket), self.wanted)
        return {number: havers.count(points) for number, points in self.drawn.items()}


def _summed(parts: Sequence[dict[int, Counts]]) -> dict[int, Counts]:
    """By number of points, how many persons of several buckets have all points of each sample."""
    return {number: np.sum([part[number] for part in parts], axis=0) for number in parts[0]}
