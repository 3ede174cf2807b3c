"""A release's records brought into buckets of whole groups, at levels that are the same for all or those of rounds of recoding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.columns.partition import bucket_of
from beam_deid.transforms.counting.classes import CLASSES, HEAVY, Classes, Source, common_columns
from beam_deid.transforms.counting.parts import Part, chosen
from beam_deid.transforms.counting.rounds import ROUND, Rounds
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.risk.histogram import Counts, total
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

_SHARE = 8
"""A group is heavy if it has this part of a bucket's most rows; smaller ones would spare little."""
_TOLD = 1 << 20
_FEW = 64
"""Of so many groups in all, and of so many of each bucket, it is told how many rows they have."""


@PROGRESS.doing("grouping records")
def classes_of(source: Source, levels: Mapping[str, int], stages: Stages, after: Sequence[Round] = ()) -> Classes:
    """Bring a release's records into buckets of whole groups, but for groups that would fill one by themselves.

    Args:
        source: The release.
        levels: The level of each open field.
        stages: Runs tasks over its buckets.
        after: Rounds of recoding at other levels; only the records are brought that all of them passed on.

    Raises:
        OutputError: They cannot be set aside.
    """
    return _classes(source, Rounds.one(levels, after), stages)


@PROGRESS.doing("grouping records")
def recoded_classes_of(source: Source, rounds: Sequence[Round], stages: Stages) -> Classes:
    """The same with each record at the levels of its round: see `classes_of`."""
    return _classes(source, Rounds(rounds), stages)


def _classes(source: Source, rounds: Rounds, stages: Stages) -> Classes:
    nothing = np.empty(0, np.uint64)
    found = _divided(source, rounds, nothing, stages)
    heavy = _heavy_groups(found, rounds, stages)
    if not len(heavy):
        return found
    del found  # its files go before others come
    return _divided(source, rounds, heavy, stages)


def _divided(source: Source, rounds: Rounds, heavy: Fingerprints, stages: Stages) -> Classes:
    """Bring a release's records into buckets, given which groups are heavy: their keys, ascending."""
    found, streams = stages.run(_ToClasses(source, rounds, heavy), source.records.filled)
    there = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
    nothing = Stream(stages.buckets)
    spread = Part((streams[HEAVY],)) if HEAVY in streams else None
    return Classes(source, rounds.levels, rounds.levels.at(there), Part((streams.get(CLASSES, nothing),)), spread)


def _heavy_groups(classes: Classes, rounds: Rounds, stages: Stages) -> Fingerprints:
    """The groups that make a bucket too large: its greatest ones, until what is left of it is small enough."""
    source = classes.source
    rows = [classes.light.rows_in(bucket) for bucket in range(stages.buckets)]
    large = np.flatnonzero(np.array(rows) > source.most)
    if not len(large):
        return np.empty(0, np.uint64)
    parts, _ = stages.run(_Greatest(source, rounds, large, stages.buckets), source.records.filled)
    keys, counts = total(parts)
    where = bucket_of(keys, stages.buckets)
    chosen = [_over(keys[where == bucket], counts[where == bucket], rows[bucket], source.most) for bucket in large]
    return np.sort(np.concatenate(chosen))


def _over(keys: Fingerprints, counts: Counts, rows: int, most: int) -> Fingerprints:
    """The greatest groups of a bucket that are more than it should hold.

    Args:
        keys: Groups of the bucket, shape (g,), its greatest ones among them.
        counts: Their rows, shape (g,).
        rows: All rows of the bucket.
        most: How many it should hold.
    """
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    chosen = (rows - before > most) & (counts[order] >= most // _SHARE)
    return keys[order][chosen]


def _placed(source: Source, rounds: Rounds, bucket: int) -> tuple[dict[Column, Any], Fingerprints]:
    """The sound records of a bucket, and the key of each by what all groupings of the release have in common."""
    columns = source.sound_rows(bucket)
    data = source.data(columns)
    numbers = rounds.numbers(data)
    columns[ROUND] = numbers.view(np.uint64)
    keys = data.keys(common_columns(source.layout), rounds.levels.at(numbers))
    if not rounds.last_alone:
        return columns, keys
    last = numbers == len(rounds.rounds) - 1
    return chosen(columns, last), keys[last]


@dataclass(frozen=True)
class _Greatest:
    """Counts the rows of the greatest groups that come to some buckets."""

    source: Source
    rounds: Rounds
    wanted: Counts
    buckets: int

    def run(self, bucket: int, out: Out) -> tuple[Fingerprints, Counts]:
        """The groups and their rows; see `Task.run`."""
        _, keys = _placed(self.source, self.rounds, bucket)
        distinct, counts = runs(keys[np.isin(bucket_of(keys, self.buckets), self.wanted)])
        greatest = np.argsort(-counts, kind="stable")[: max(_TOLD // self.source.records.buckets, _FEW)]
        return distinct[greatest], counts[greatest]


@dataclass(frozen=True)
class _ToClasses:
    """Brings the sound records of a bucket to the buckets of their groups; those of heavy groups to those of their subjects."""

    source: Source
    rounds: Rounds
    heavy: Fingerprints

    def run(self, bucket: int, out: Out) -> Counts:
        """Which numbers of rounds passed any on; see `Task.run`."""
        columns, keys = _placed(self.source, self.rounds, bucket)
        numbers = np.unique(columns[ROUND].view(np.int64))
        if not self.rounds.levels.differ:
            del columns[ROUND]
        if len(keys):
            self._put(bucket, columns, keys, out)
        return numbers

    def _put(self, bucket: int, columns: dict[Column, Any], keys: Fingerprints, out: Out) -> None:
        if not len(self.heavy):
            out.put(CLASSES, keys, columns)
            return
        heavy = np.isin(keys, self.heavy)
        out.put(CLASSES, keys[~heavy], chosen(columns, ~heavy))
        if heavy.any():
            spread = chosen(columns, heavy)
            out.put(HEAVY, self._whose(bucket, spread), spread)

    def _whose(self, bucket: int, columns: Mapping[Column, np.ndarray]) -> Fingerprints:
        """A key for each row by which heavy groups are spread: its subject's, or one of its own where it is nobody's."""
        rows = len(columns[COUNT])
        own = mix(np.arange(rows, dtype=np.uint64) + (np.uint64(bucket) << np.uint64(32)))
        if not self.source.people.names:
            return own
        subject = columns[self.source.people.columns[0]]
        return np.where(subject == self.source.job.prints.null, own, subject)
