"""Suppression of heavy groups: their tallies tell which groups break a line, and their rows go by the keys of these.

Rows count once, however many lines their groups break. So rows are looked at only where several lines are broken, or something
goes; and where a line alone breaks more groups than may go, it is not asked which, but how many of their rows had gone before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.parts import LEFT, keep_left
from beam_deid.transforms.counting.tallied import Tallied, heavy_groups
from beam_deid.transforms.counting.trimming_heavy import Keys, Trimming, ascending, together
from beam_deid.transforms.label.requirements.requirement import Broken, Planned, Requirement
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

Test = tuple[Requirement, Planned]
_BrokenGroups = tuple[tuple[str, ...], Fingerprints]
"""The columns that make groups, and some groups."""

_GROUP = Column("group")
_GONE = "gone before"
_ANYTHING = References(True, {}, {})


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
    looks, _ = stages.run(_Look(classes, everywhere, tests, bearable), classes.filled_cuts)
    surplus = _merged([look.surplus for look in looks])
    if surplus:
        return Trimming(surplus)
    alone = sum((look.broken for look in looks), np.zeros(len(tests), np.int64))
    end = int(np.flatnonzero(np.append(alone, np.inf) > bearable)[0])  # the first test that breaks more than may go
    records = sum(look.records for look in looks)
    if alone[:end].any():
        broken = _broken(classes, everywhere, tests[:end], stages)
        return _removed(classes, everywhere, broken, tests[end : end + 1], alone, records, stages)
    so_far = np.zeros(len(tests), np.int64)
    so_far[end:] = alone[end : end + 1]
    return HeavyLook(so_far, records, classes.heavy_left, records)


def _broken(classes: Classes, everywhere: References, tests: Sequence[Test], stages: Stages) -> list[_BrokenGroups]:
    """By test the groups that break it: no more than may go, so that they are few enough to be told to everybody."""
    found, _ = stages.run(_Broken(classes, everywhere, tests), classes.filled_cuts)
    return [(ascending(test.columns), together([keys[at] for keys in found])) for at, (_, test) in enumerate(tests)]


def _removed(
    classes: Classes,
    everywhere: References,
    broken: Sequence[_BrokenGroups],
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
    assert classes.heavy is not None  # noqa: S101 - asked before
    end = len(broken)
    after = ascending(last[0][1].columns) if last else None
    found, streams = stages.run(_Remove(classes, broken, after), classes.heavy.filled)
    so_far = np.zeros(len(alone), np.int64)
    so_far[:end] = np.sum([one.gone for one in found], axis=0)
    if last:
        gone = stages.take(streams, _GONE)
        before, _ = stages.run(_Both(classes, everywhere, last[0], gone), classes.filled_cuts)
        so_far[end:] = so_far[end - 1] + alone[end] - sum(before)
    return HeavyLook(
        broken=so_far,
        records=records,
        left=stages.take(streams, LEFT),
        records_left=sum(one.records for one in found),
        gone=_merged([{columns: [keys]} for columns, keys in broken if len(keys)]),
    )


def _merged(parts: Sequence[Keys]) -> dict[tuple[str, ...], list[Fingerprints]]:
    found: dict[tuple[str, ...], list[Fingerprints]] = {}
    for part in parts:
        for columns, keys in part.items():
            found.setdefault(columns, []).extend(keys)
    return found


class _Looked(NamedTuple):
    """What the heavy groups of a fine bucket show.

    Attributes:
        surplus: Those of which somebody has too many records.
        records: Their records.
        broken: The records of the groups that break each test, shape (tests,); not counted any further once they are too many.
    """

    surplus: Keys
    records: int
    broken: Counts


@dataclass(frozen=True)
class _Look:
    """Looks how much of a fine bucket is in groups that break a line."""

    classes: Classes
    everywhere: References
    tests: Sequence[Test]
    bearable: float

    def run(self, bucket: int, out: Out) -> _Looked:
        """See `Task.run`."""
        seen = heavy_groups(self.classes, bucket, self.everywhere)
        broken = np.zeros(len(self.tests), np.int64)
        if seen.empty:
            return _Looked({}, 0, broken)
        for number, (requirement, test) in enumerate(self.tests):
            bad = requirement.broken(test, seen)
            if bad is None:
                continue
            broken[number] = int(seen.groups(bad.columns).records[bad.groups].sum())
            if broken[number] > self.bearable:
                break
        return _Looked(self._surplus(seen), seen.records, broken)

    def _surplus(self, seen: Tallied) -> Keys:
        found = [requirement.surplus(test, seen) for requirement, test in self.tests]
        return {ascending(one.columns): [_keys(seen, one)] for one in found if one is not None}


@dataclass(frozen=True)
class _Broken:
    """Finds the groups of a fine bucket that break each test."""

    classes: Classes
    everywhere: References
    tests: Sequence[Test]

    def run(self, bucket: int, out: Out) -> list[Fingerprints]:
        """See `Task.run`."""
        seen = heavy_groups(self.classes, bucket, self.everywhere)
        nothing = np.empty(0, np.uint64)
        if seen.empty:
            return [nothing] * len(self.tests)
        found = [requirement.broken(test, seen) for requirement, test in self.tests]
        return [nothing if one is None else _keys(seen, one) for one in found]


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
    broken: Sequence[_BrokenGroups]
    last: tuple[str, ...] | None

    def run(self, bucket: int, out: Out) -> _Removed:
        """See `Task.run`."""
        seen = self.classes.seen_heavy(bucket, _ANYTHING)
        bad: Bools = np.zeros(len(seen.cells), bool)
        gone = np.zeros(len(self.broken), np.int64)
        for number, (columns, keys) in enumerate(self.broken):
            if len(keys):
                bad |= is_among(seen.group_keys(columns), keys)
            gone[number] = int(seen.counts[bad].sum())
        if self.last is not None and bad.any():
            groups = seen.group_keys(self.last)[bad]
            out.put_finely(_GONE, groups, {_GROUP: groups, COUNT: seen.counts[bad]})
        left = seen.left.copy()
        left[seen.cells[bad]] = 0
        keep_left(out, bucket, left)
        return _Removed(gone, int(left.sum()))


@dataclass(frozen=True)
class _Both:
    """Counts the records of groups of a fine bucket that break a test which had gone before it."""

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
