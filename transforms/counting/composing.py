"""Line 8 in buckets: records about which several releases together say too much are suppressed; see `composition.composing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from beam_deid.transforms.candidate.cut import Suppressed
from beam_deid.transforms.counting.classes import Classes, Records
from beam_deid.transforms.counting.copies import copied_earlier
from beam_deid.transforms.counting.copies_between import copied
from beam_deid.transforms.counting.earlier import Earlier
from beam_deid.transforms.counting.in_common import fewest_in_common
from beam_deid.transforms.counting.joint import fewest_of
from beam_deid.transforms.counting.meeting import (
    Meeting,
    ToRecords,
    around_fields,
    broken_stream,
    compared_fields,
    home_stream,
)
from beam_deid.transforms.counting.parts import LEFT, keep_left
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.said import PLACE, row_at, stream
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.counting.targets import Target, targets_of
from beam_deid.transforms.label.found import Composed
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, joined

ROUNDS = 50
"""Most rounds of suppressing: see `composition.composing`."""

_HEAVY_LEFT = "heavy left"
_UNSURE = (
    "records have no number by which they are known again, or several persons' have the same one, so that nobody can say "
    "what earlier releases say of each"
)

Cuts = Mapping[str, BucketCut]
Said = Mapping[str, Mapping[str, Composed]]


@dataclass(frozen=True)
class Settled:
    """Releases after suppression of the records that break line 8.

    Attributes:
        cuts: What is left of each.
        found: By release what it and each other one say together, by the other's name.
        broken: By `meeting.broken_stream` the rows that say too much together with others.
        reached: Whether every line 8 among them holds within the share of each. If not, nothing is suppressed.
    """

    cuts: Cuts
    found: Said
    broken: Streams = field(default_factory=dict)
    reached: bool = False


@dataclass(frozen=True)
class Composer:
    """Asks line 8 of releases in buckets.

    Attributes:
        job: The run.
        layouts: The releases of the run that are tested together.
        records: The run's records.
        people: Their persons.
        earlier: What was given out before of them.
        stages: Runs tasks over buckets.
    """

    job: Job
    layouts: Mapping[str, Layout]
    records: Records
    people: People
    earlier: Earlier
    stages: Stages

    def of(self, name: str) -> "Composer":
        """What one release of the run says with those that were given out before, whatever others there are."""
        return replace(self, layouts={name: self.layouts[name]})

    @PROGRESS.doing("testing what releases say together")
    def compose(self, cuts: Cuts, settled: Settled | None = None) -> Settled:
        """Suppress the records that break line 8, if that is within the share of every release, and report what is left.

        Args:
            cuts: What is left of each release.
            settled: The same releases settled with the past, where that is known already.
        """
        copies = self._copied(cuts)
        if copies:
            # Where a column is a copy of a sensitive one no line can be reached, and so nothing is suppressed.
            settled = self.composed(cuts)
        elif settled is None:
            settled = self.settle(cuts)
        found = {name: dict(said) for name, said in settled.found.items()}
        for (one, other), reason in copies.items():
            found[one][other] = found[other][one] = Composed(None, {}, reason)
        for name, said in found.items():
            said |= {other: Composed(None, {}, reason) for other, reason in self.earlier.past.untested.items()}
            said |= self._copies(settled.cuts[name])
        return replace(settled, found=found)

    def _copied(self, cuts: Cuts) -> dict[tuple[str, str], str]:
        """The releases of the run that cannot be tested together, since one holds a copy of the other's sensitive column."""
        pairs = combinations(cuts, 2)
        reasons = {pair: self._copy(*(cuts[name] for name in pair)) for pair in pairs}
        return {pair: reason for pair, reason in reasons.items() if reason}

    def _copy(self, one: BucketCut, other: BucketCut) -> str:
        return copied(one.classes, other.classes, self.records, self.stages)

    def _copies(self, one: BucketCut) -> dict[str, Composed]:
        """The earlier releases with which one cannot be tested, since it holds a copy of the other's sensitive column."""
        entries = self.earlier.past.entries
        reasons = {entry.name: copied_earlier(one.classes, entry, self.stages) for entry in entries}
        return {name: Composed(None, {}, reason) for name, reason in reasons.items() if reason}

    @property
    def asks(self) -> bool:
        """Whether anything is asked."""
        return bool(self.targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is asked."""
        return tuple(targets_of(self.layouts, self.earlier.compared))

    def settle(self, cuts: Cuts) -> Settled:
        """Suppress the records that break line 8, again and again until no more have to be.

        Args:
            cuts: What is left of each release.

        Returns:
            The releases without these; unchanged, and not reached, where more would go than the share of one allows.
        """
        begun = now = self.composed(cuts)
        for _ in range(ROUNDS):
            after = {name: _without(one, now.broken, self.stages) for name, one in now.cuts.items()}
            left = {name: one for name, one in after.items() if one is not None}
            if len(left) < len(after):
                return begun
            if all(left[name] is one for name, one in now.cuts.items()):
                return replace(now, reached=True)
            now = self.composed(left)
        return begun

    def composed(self, cuts: Cuts) -> Settled:
        """Evaluate line 8 for every release."""
        targets = self.targets
        if not targets:
            return Settled(cuts, {name: {} for name in cuts})
        found: dict[str, dict[str, Composed]] = {name: {} for name in cuts}
        if not self.people.names:
            return Settled(cuts, _told(found, targets, [Composed(None, {})] * len(targets)))
        left, met, held = self._brought(cuts, targets)
        meeting = Meeting(self.records, self.earlier.known, self.people.all_columns, _homes(met), targets)
        unsure, streams = self.stages.run(meeting, self.records.filled)
        broken = [{name: one for name, one in streams.items() if name.startswith(broken_stream(""))}]
        said = []
        for target, doubtful in zip(targets, np.any(unsure, axis=0), strict=True):
            if not any(left[name] for name in target.members):
                said.append(Composed(None, {}))
                continue
            one, more = self._target(target, streams, held)
            broken.append(more)
            said.append(Composed(None, {}, _UNSURE) if doubtful else one)
        return Settled(cuts, _told(found, targets, said), joined(broken))

    def _brought(self, cuts: Cuts, targets: Sequence[Target]) -> tuple[dict[str, int], Streams, Streams]:
        """The records that are left of each release; its rows beside the run's records; and its groups with their values."""
        left = {}
        every: list[Streams] = []
        for name, one in cuts.items():
            task = ToRecords(one.classes, compared_fields(targets, name), around_fields(targets, name))
            counts, streams = self.stages.run(task)
            left[name] = sum(counts)
            every.append(streams)
        return left, joined(every), joined([self.earlier.held, *every])

    def _target(self, target: Target, met: Streams, held: Streams) -> tuple[Composed, Streams]:
        """What several releases say together, and the rows that say too much."""
        fewest: list[int | None] = []
        broken = []
        null = self.job.prints.null
        for look in target.looks:
            columns = self.people.all_columns
            found, more = fewest_of(look, columns, met, self.earlier.others, self.earlier.crowd, null, self.stages)
            fewest.append(found)
            broken.append(more)
        values = {}
        for asked in target.in_common:
            values[asked.field], more = fewest_in_common(asked, target.members, met, held, self.stages)
            broken.append(more)
        persons = min((one for one in fewest if one is not None), default=target.looks[0].k)
        return Composed(persons, values), joined(broken)


def _homes(streams: Streams) -> Streams:
    return {name: one for name, one in streams.items() if name.startswith(home_stream(""))}


def _told(found: dict[str, dict[str, Composed]], targets: Sequence[Target], said: Sequence[Composed]) -> Said:
    for target, one in zip(targets, said, strict=True):
        for name, other in target.told.items():
            found[name][other] = one
    return found


def _without(one: BucketCut, broken: Streams, stages: Stages) -> BucketCut | None:
    """A release without some rows, all its own lines asked again; None where more would go than its share allows."""
    name = one.classes.source.layout.release
    rows = stream(broken, broken_stream(name), stages.buckets)
    if not rows.rows:
        return one
    if not one.satisfied:
        return None  # what misses its own lines suppresses nothing
    left, streams = stages.run(_Without(one.classes, rows))
    heavy = None if one.classes.heavy is None else stages.take(streams, _HEAVY_LEFT)
    classes = one.classes.with_left(stages.take(streams, LEFT), heavy)
    made = cut_in_buckets(classes, stages, lost=one.classes.source.sound - sum(left))
    if not made.satisfied:
        return None
    return replace(made, suppressed=_merged(one.suppressed, made.suppressed))


def _merged(before: Suppressed, more: Suppressed) -> Suppressed:
    merged = {columns: np.union1d(keys, more.get(columns, keys[:0])) for columns, keys in before.items()}
    return merged | {columns: keys for columns, keys in more.items() if columns not in merged}


@dataclass(frozen=True)
class _Without:
    """Removes rows from what is left of a bucket."""

    classes: Classes
    broken: Stream

    def run(self, bucket: int, out: Out) -> int:
        """The records that are left; see `Task.run`."""
        parts = [part.left_of(bucket) for part in self.classes.parts]
        left = np.concatenate(parts)
        left[row_at(self.broken.read(bucket, (PLACE,))[PLACE])] = 0
        light = len(parts[0])
        keep_left(out, bucket, left[:light])
        if len(parts) > 1:
            out.put_into(_HEAVY_LEFT, np.full(len(left) - light, bucket, np.uint16), {COUNT: left[light:]})
        return int(left.sum())
