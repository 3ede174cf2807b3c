"""Heavy groups of which a part of somebody's records has to go: only all rows of such a group together tell which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import CLASSES, HEAVY, Classes, common_columns
from beam_deid.transforms.counting.parts import LEFT, Part, chosen, keep_left
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

Keys = Mapping[tuple[str, ...], Sequence[Fingerprints]]
"""Groups, by the columns that make them, ascending."""

_LEFT = Column("left")
_ANYTHING = References(True, {}, {})


@dataclass(frozen=True)
class Trimming:
    """Heavy groups of which a part of somebody's records has to go, which only all their rows together can tell.

    Attributes:
        groups: Their keys, by the columns that make them.
    """

    groups: Keys


def without_trimmed(classes: Classes, trimming: Trimming, stages: Stages) -> Classes:
    """The same records, with groups of which a part has to go as light ones, however large they are.

    Raises:
        OutputError: They cannot be set aside.
    """
    found, _ = stages.run(_Common(classes, trimming))
    _, streams = stages.run(_Move(classes, together(found)))
    nothing = Stream(stages.buckets)
    moved = streams.get(CLASSES, nothing)
    _, lefts = stages.run(_Left(classes.light, moved))
    light = Part((*classes.light.rows, moved), lefts.get(LEFT, nothing))
    heavy = Part((streams[HEAVY],), streams[LEFT]) if HEAVY in streams else None
    return replace(classes, light=light, heavy=heavy, tallies=None)


def ascending(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of groups as they are named everywhere."""
    return tuple(sorted(columns))


def together(parts: Sequence[Fingerprints]) -> Fingerprints:
    """All keys of some parts, each once, ascending."""
    return np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))


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
            of_each = seen.group_keys(columns)
            for some in keys:
                there |= is_among(of_each, some)
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
        moved = is_among(keys, self.groups)
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
