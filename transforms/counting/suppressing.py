"""Suppression over buckets: rows that break a line of the label are removed, round by round, for all lines at once.

It removes what `candidate.suppression.cut` removes: a round looks at all buckets, shares are counted over all of them, and the
next round begins with what is left.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Suppressed
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.candidate.suppression import Gone, suppressing, trimmed, without_broken
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.parts import LEFT, keep_left
from beam_deid.transforms.counting.suppressing_heavy import Test, look_at_heavy
from beam_deid.transforms.counting.tallies import tallied
from beam_deid.transforms.counting.trimming_heavy import Keys, Trimming, without_trimmed
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Out, Stages, Stream


@dataclass(frozen=True)
class BucketCut:
    """What suppression leaves of a release in buckets; see `Cut`.

    Attributes:
        classes: The records that are left.
        everywhere: What is known of all of them.
        lost: How many records are suppressed.
        suppressed: The groups that are suppressed.
        satisfied: Whether every line that suppression may satisfy holds for what is left, within the policy's share.
        needed: Number of records that suppression needs, as far as that was searched; None if no record would be left.
    """

    classes: Classes
    everywhere: References
    lost: int = 0
    suppressed: Suppressed = field(default_factory=dict)
    satisfied: bool = True
    needed: int | None = 0


@PROGRESS.doing("suppressing groups")
def cut_in_buckets(
    classes: Classes,
    stages: Stages,
    share: float | None = None,
    only: Collection[str] | None = None,
    lost: int = 0,
) -> BucketCut:
    """Suppress the groups that break a line, as long as the policy's share allows.

    Args:
        classes: The records of the release at its levels.
        stages: Runs tasks over their buckets.
        share: Greatest share of records that may be suppressed; the policy's if not given.
        only: Names of the tests that are asked; all if not given.
        lost: How many of the records are suppressed already.
    """
    classes = tallied(classes, stages)
    source = classes.source
    total = source.sound
    spec = source.job.policy.releases[source.layout.release]
    allowed = (spec.require.suppression if share is None else share) * total + 1e-9
    tests = suppressing(source.layout.scope, only)
    first = everywhere = references_of(classes, stages)
    left = classes
    gone: dict[tuple[str, ...], list[Fingerprints]] = {}
    while True:
        nobody = BucketCut(classes, first, satisfied=False, needed=None)
        if lost == total or not everywhere.counted:
            return nobody
        if lost > allowed:
            return BucketCut(classes, first, satisfied=False, needed=lost)
        round_ = _round(left, everywhere, tests, stages, allowed - lost)
        if isinstance(round_, Trimming):
            left = tallied(without_trimmed(left, round_, stages), stages)
            continue
        if isinstance(round_, int):  # too many would go
            return BucketCut(classes, first, satisfied=False, needed=lost + round_ if lost + round_ < total else None)
        if round_ is None:
            keys = {columns: np.unique(np.concatenate(parts)) for columns, parts in gone.items()}
            return BucketCut(left, everywhere, lost, keys, True, lost)
        left = tallied(round_.left, stages)
        lost = total - round_.records
        _add(gone, round_.gone)
        everywhere = references_of(left, stages)


@dataclass(frozen=True)
class _Left:
    """What a round leaves of all buckets."""

    left: Classes
    records: int
    gone: Keys


def _round(
    classes: Classes, everywhere: References, tests: Sequence[Test], stages: Stages, bearable: float
) -> _Left | Trimming | int | None:
    """One round.

    Returns:
        What it leaves; or heavy groups of which a part has to go; or how many records would go, if these are too many; or None if
        nothing has to go.
    """
    heavy = look_at_heavy(classes, everywhere, tests, stages, bearable)
    if isinstance(heavy, Trimming):
        return heavy
    looks, streams = stages.run(_Look(classes, everywhere, tests, bearable), classes.filled)
    numbers = {look.trimmed for look in looks if look.trimmed is not None}
    if numbers:
        first = min(numbers)
        if len(numbers) > 1:  # some buckets have a surplus by a later test alone, whose turn is not yet
            looks, streams = stages.run(_Look(classes, everywhere, tests[first : first + 1], bearable), classes.filled)
        left = classes.with_left(_stream(streams, stages), classes.heavy_left)
        return _Left(left, sum(look.records for look in looks) + heavy.records, {})
    so_far = np.sum([heavy.broken, *(look.broken for look in looks)], axis=0)
    if not so_far.any():
        return None
    too_much = np.flatnonzero(so_far > bearable)
    if len(too_much):
        return int(so_far[too_much[0]])
    found, streams = stages.run(_Remove(classes, everywhere, tests), classes.filled)
    gone: dict[tuple[str, ...], list[Fingerprints]] = {}
    for keys in (heavy.gone, *(keys for _, keys in found)):
        _add(gone, keys)
    left = classes.with_left(_stream(streams, stages), heavy.left)
    return _Left(left, sum(records for records, _ in found) + heavy.records_left, gone)


def _add(gone: dict[tuple[str, ...], list[Fingerprints]], more: Keys) -> None:
    for columns, parts in more.items():
        gone.setdefault(columns, []).extend(parts)


def _stream(streams: dict[str, Stream], stages: Stages) -> Stream:
    return streams.get(LEFT, Stream(stages.buckets))


class Look(NamedTuple):
    """What a bucket shows of the lines.

    Attributes:
        trimmed: The number of the first test by which somebody has surplus rows; None if nobody has by any.
        records: The records that are left without these.
        broken: After each test the records in groups that break it or one before it, shape (tests,); not counted any
            further once they are too many.
    """

    trimmed: int | None
    records: int
    broken: Counts


@dataclass(frozen=True)
class _Look:
    """Looks which rows of a bucket are surplus, and how many are in groups that break a line."""

    classes: Classes
    everywhere: References
    tests: Sequence[Test]
    bearable: float

    def run(self, bucket: int, out: Out) -> Look:
        """See `Task.run`."""
        seen = self.classes.seen_whole(bucket, self.everywhere)
        surplus = None if seen.empty else trimmed(seen, self.tests)
        left = seen.left if surplus is None else surplus[1]
        keep_left(out, bucket, left)
        return Look(None if surplus is None else surplus[0], int(left.sum()), self._broken(seen))

    def _broken(self, seen: Candidate) -> Counts:
        broken = np.zeros(len(self.tests), np.int64)
        if seen.empty:
            return broken
        for number, (bad, _) in enumerate(without_broken(seen, self.tests)):
            broken[number:] = int(seen.counts[bad].sum())
            if broken[number] > self.bearable:
                break
        return broken


@dataclass(frozen=True)
class _Remove:
    """Removes the groups of a bucket that break a line."""

    classes: Classes
    everywhere: References
    tests: Sequence[Test]

    def run(self, bucket: int, out: Out) -> tuple[int, Keys]:
        """The records that are left, and what went; see `Task.run`."""
        seen = self.classes.seen_whole(bucket, self.everywhere)
        left = seen.left.copy()
        gone = Gone(seen.data, seen.levels)
        if not seen.empty:
            bad = np.zeros(len(seen.cells), bool)
            for so_far, broken in without_broken(seen, self.tests):
                bad = so_far
                if broken is not None:
                    gone.add(seen, broken)
            left[seen.cells[bad]] = 0
        keep_left(out, bucket, left)
        return int(left.sum()), {columns: [keys] for columns, keys in gone.keys.items()}
