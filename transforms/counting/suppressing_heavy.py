"""Suppression of heavy groups: their tallies tell which groups break a line, and their rows go by the keys of these.

Rows count once, however many lines their groups break. So rows are looked at only where several lines are broken, or something
goes; and where a line alone breaks more groups than may go, it is not asked which, but how many of their rows had gone before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import CLASSES, HEAVY, Classes, common_columns
from beam_deid.transforms.counting.parts import LEFT, Part, chosen, keep_left
from beam_deid.transforms.counting.tallied import Tallied, heavy_groups
from beam_deid.transforms.label.requirements.requirement import Broken, Planned, Requirement
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

Test = tuple[Requirement, Planned]
Keys = Mapping[tuple[str, ...], Sequence[Fingerprints]]

_GROUP = Column("group")
_LEFT = Column("left")
_GONE = "gone before"
_ANYTHING = References(True, {}, {})


@dataclass(frozen=True)
class Trimming:
    """Heavy groups of which a part of somebody's records has to go, which only all their rows together can tell.

    Attributes:
        groups: Their keys, by the columns that make them.
    """

    groups: Keys


@dataclass(frozen=True)
class HeavyLook:
    """What heavy groups show of the lines.

    Attributes:
        broken: After each test the records in groups that break it or one before it, shape (tests,): see `suppressing.Look`.
        records: The records that are left.
        left: How many of each row are left without groups that break a test; as before, if none does.
        records_left: The records that are left then.
        gone: These groups.
    """

    broken: Counts
    records: int = 0
    left: Stream | None = None
    records_left: int = 0
    gone: Keys = field(default_factory=dict)


def look_at_heavy(
    classes: Classes, everywhere: References, tests: Sequence[Test], stages: Stages, bearable: float
) -> HeavyLook | Trimming:
    """Look which heavy groups break a line.

    Args:
        classes: What is left of a release, tallied.
        everywhere: What is known of all of that.
        tests: The tests that suppression may satisfy.
        stages: Runs tasks over its buckets.
        bearable: How many more records may go.

    Returns:
        What they show; or those of which a part has to go.
    """
    if classes.heavy is None:
        return HeavyLook(np.zeros(len(tests), np.int64))
    looks, _ = stages.run(_Look(classes, everywhere, tests, bearable))
    surplus = _merged([look.surplus for look in looks])
    if surplus:
        return Trimming(surplus)
    alone = np.sum([look.broken for look in looks], axis=0)
    end = int(np.flatnonzero(np.append(alone, np.inf) > bearable)[0])  # the first test that breaks more than may go
    broken = [
        (_ascending(test.columns), _together([look.keys[at] for look in looks]))
        for at, (_, test) in enumerate(tests[:end])
    ]
    records = sum(look.records for look in looks)
    if any(len(keys) for _, keys in broken):
        return _removed(classes, everywhere, broken, tests[end : end + 1], alone, records, stages)
    so_far = np.zeros(len(tests), np.int64)
    so_far[end:] = alone[end : end + 1]
    return HeavyLook(so_far, records, classes.heavy_left, records)


def _removed(
    classes: Classes,
    everywhere: References,
    broken: Sequence[tuple[tuple[str, ...], Fingerprints]],
    last: Sequence[Test],
    alone: Counts,
    records: int,
    stages: Stages,
) -> HeavyLook:
    """Remove groups by their rows, which may be in groups that break several tests.

    Args:
        classes: What is left of a release, tallied.
        everywhere: What is known of all of that.
        broken: Of the first tests the columns that make groups, and the groups that break it.
        last: The test after these, if more groups break it than may go.
        alone: The records in groups that break each test, shape (tests,).
        records: All records that are left.
        stages: Runs tasks over its buckets.
    """
    end = len(broken)
    after = _ascending(last[0][1].columns) if last else None
    found, streams = stages.run(_Remove(classes, broken, after))
    so_far = np.zeros(len(alone), np.int64)
    so_far[:end] = np.sum([one.gone for one in found], axis=0)
    if last:
        gone = streams.get(_GONE, Stream(stages.buckets))
        before, _ = stages.run(_Both(classes, everywhere, last[0], gone))
        so_far[end:] = so_far[end - 1] + alone[end] - sum(before)
    return HeavyLook(
        broken=so_far,
        records=records,
        left=streams.get(LEFT, Stream(stages.buckets)),
        records_left=sum(one.records for one in found),
        gone=_merged([{columns: [keys]} for columns, keys in broken if len(keys)]),
    )


def without_trimmed(classes: Classes, trimming: Trimming, stages: Stages) -> Classes:
    """The same records, with groups of which a part has to go as light ones, however large they are.

    Raises:
        OutputError: They cannot be set aside.
    """
    found, _ = stages.run(_Common(classes, trimming))
    _, streams = stages.run(_Move(classes, _together(found)))
    nothing = Stream(stages.buckets)
    moved = streams.get(CLASSES, nothing)
    _, lefts = stages.run(_Left(classes.light, moved))
    light = Part((*classes.light.rows, moved), lefts.get(LEFT, nothing))
    heavy = Part((streams[HEAVY],), streams[LEFT]) if HEAVY in streams else None
    return replace(classes, light=light, heavy=heavy, tallies=None)


def _ascending(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(columns))


def _merged(parts: Sequence[Keys]) -> dict[tuple[str, ...], list[Fingerprints]]:
    found: dict[tuple[str, ...], list[Fingerprints]] = {}
    for part in parts:
        for columns, keys in part.items():
            found.setdefault(columns, []).extend(keys)
    return found


def _together(parts: Sequence[Fingerprints]) -> Fingerprints:
    return np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))


class _Looked(NamedTuple):
    """What the heavy groups of a bucket show.

    Attributes:
        surplus: Those of which somebody has too many records.
        records: Their records.
        broken: The records of the groups that break each test, shape (tests,).
        keys: The groups that break each test; not told any further once they are too many.
    """

    surplus: Keys
    records: int
    broken: Counts
    keys: Sequence[Fingerprints]


@dataclass(frozen=True)
class _Look:
    """Looks which groups of a bucket break which line."""

    classes: Classes
    everywhere: References
    tests: Sequence[Test]
    bearable: float

    def run(self, bucket: int, out: Out) -> _Looked:
        """See `Task.run`."""
        seen = heavy_groups(self.classes, bucket, self.everywhere)
        broken = np.zeros(len(self.tests), np.int64)
        keys = [np.empty(0, np.uint64)] * len(self.tests)
        if seen.empty:
            return _Looked({}, 0, broken, keys)
        for number, (requirement, test) in enumerate(self.tests):
            bad = requirement.broken(test, seen)
            if bad is None:
                continue
            broken[number] = int(seen.groups(bad.columns).records[bad.groups].sum())
            if broken[number] > self.bearable:
                break
            keys[number] = _keys(seen, bad)
        return _Looked(self._surplus(seen), seen.records, broken, keys)

    def _surplus(self, seen: Tallied) -> Keys:
        found = [requirement.surplus(test, seen) for requirement, test in self.tests]
        return {_ascending(one.columns): [_keys(seen, one)] for one in found if one is not None}


def _keys(seen: Tallied, broken: Broken) -> Fingerprints:
    return seen.groups(broken.columns).table.keys[broken.groups]


class _Removed(NamedTuple):
    """What is removed of the heavy rows of a bucket.

    Attributes:
        gone: After each test the records of groups that break it or one before it, shape (tests,).
        records: Records that are left.
    """

    gone: Counts
    records: int


@dataclass(frozen=True)
class _Remove:
    """Removes groups from the heavy rows of a bucket.

    Attributes:
        classes: What is left of a release.
        broken: By test the columns that make its groups, and the groups that break it.
        last: The columns of the next test, to whose groups the rows are brought that go; None if nobody asks.
    """

    classes: Classes
    broken: Sequence[tuple[tuple[str, ...], Fingerprints]]
    last: tuple[str, ...] | None

    def run(self, bucket: int, out: Out) -> _Removed:
        """See `Task.run`."""
        seen = self.classes.seen_heavy(bucket, _ANYTHING)
        bad: Bools = np.zeros(len(seen.cells), bool)
        gone = np.zeros(len(self.broken), np.int64)
        for number, (columns, keys) in enumerate(self.broken):
            if len(keys):
                bad |= np.isin(seen.group_keys(columns), keys)
            gone[number] = int(seen.counts[bad].sum())
        if self.last is not None and bad.any():
            groups = seen.group_keys(self.last)[bad]
            out.put(_GONE, groups, {_GROUP: groups, COUNT: seen.counts[bad]})
        left = seen.left.copy()
        left[seen.cells[bad]] = 0
        keep_left(out, bucket, left)
        return _Removed(gone, int(left.sum()))


@dataclass(frozen=True)
class _Both:
    """Counts the records of groups that break a test which had gone before it."""

    classes: Classes
    everywhere: References
    test: Test
    gone: Stream

    def run(self, bucket: int, out: Out) -> int:
        """See `Task.run`."""
        rows = self.gone.read(bucket, (_GROUP, COUNT))
        if not len(rows[COUNT]):
            return 0
        seen = heavy_groups(self.classes, bucket, self.everywhere)
        requirement, test = self.test
        broken = requirement.broken(test, seen)
        return 0 if broken is None else int(rows[COUNT][np.isin(rows[_GROUP], _keys(seen, broken))].sum())


@dataclass(frozen=True)
class _Common:
    """Finds the groups of the columns that all groups have in common in which some groups of a bucket's heavy rows are."""

    classes: Classes
    trimming: Trimming

    def run(self, bucket: int, out: Out) -> Fingerprints:
        """See `Task.run`."""
        seen = self.classes.seen_heavy(bucket, _ANYTHING)
        there: Bools = np.zeros(len(seen.cells), bool)
        for columns, keys in self.trimming.groups.items():
            there |= np.isin(seen.group_keys(columns), _together(keys))
        common = seen.data.keys(common_columns(self.classes.source.layout), seen.levels)[seen.cells]
        return np.unique(common[there])


@dataclass(frozen=True)
class _Move:
    """Brings the heavy rows of some groups together; the others stay where they are."""

    classes: Classes
    groups: Fingerprints

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        heavy = self.classes.heavy
        assert heavy is not None  # noqa: S101 - there is a group that is moved
        columns = heavy.read(bucket, (*self.classes.row_columns, COUNT))
        left = heavy.left_of(bucket)
        keys = self.classes.group_keys(columns)
        moved = np.isin(keys, self.groups)
        own = chosen(columns, moved)
        out.put(CLASSES, keys[moved], own | {_LEFT: left[moved].view(np.uint64)})
        if not moved.all():
            stay = chosen(columns, ~moved)
            out.put_into(HEAVY, np.full(len(stay[COUNT]), bucket, np.uint16), stay)
            keep_left(out, bucket, left[~moved])


@dataclass(frozen=True)
class _Left:
    """Tells how many are left of the light rows of a bucket, and of those that were moved behind them."""

    light: Part
    moved: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        moved = self.moved.read(bucket, (_LEFT,))[_LEFT].view(np.int64)
        keep_left(out, bucket, np.concatenate([self.light.left_of(bucket), moved]))
