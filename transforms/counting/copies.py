"""Copies of a sensitive column in an earlier release under another name, looked for in buckets: see `composition.copies`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, runs
from beam_deid.transforms.composition.copies import candidates_of, told_of
from beam_deid.transforms.counting.classes import HOME, Classes, Source
from beam_deid.transforms.counting.finding_again import opened_again, ranges_of
from beam_deid.transforms.counting.meeting import home_stream, spread
from beam_deid.transforms.counting.said import RECORDED, bucket_at, many, some_of, stream
from beam_deid.transforms.measure.histogram_columns import columns_of
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, filled

_FIRST = Column("first")
_SECOND = Column("second")
_ROW = Column("row")
_ROWS = "rows"
_ANYTHING = References(counted=True, values={}, written={})

Pairs = Sequence[tuple[str, str]]


def copied_earlier(classes: Classes, entry: Entry, stages: Stages) -> str:
    """Look for a copy between a release of the run and an earlier one: see `composition.copies.copied_earlier`.

    Args:
        classes: What is left of the release.
        entry: The earlier release.
        stages: Runs tasks over buckets.

    Returns:
        A sentence that names the copy and what to do; empty if there is none.
    """
    source = classes.source
    pairs = candidates_of(source.layout, entry)
    if not pairs or entry.table is None:
        return ""
    names = tuple(dict.fromkeys(ours for ours, _ in pairs))
    _, homes = stages.run(ToRecords(classes, names))
    _, streams = stages.run(_Known(source, names, homes), range(source.records.buckets))
    both = stream(streams, _ROWS, stages.buckets)
    found, met = stages.run(_Meet(source.job, source.layout.release, entry, pairs, both), filled(both))
    rows = sum(one.rows for one in found)
    refuted = frozenset[int]().union(*(one.refuted for one in found))
    for number, (ours, name) in enumerate(pairs):
        if number not in refuted and is_one_to_one(number, rows, met, stages):
            return told_of(ours, source.layout.release, name, entry)
    return ""


def is_one_to_one(number: int, rows: int, met: Streams, stages: Stages) -> bool:
    """Whether two columns of which no bucket shows otherwise are a renaming of each other: see `put_pairs`.

    Args:
        number: The number of the candidate.
        rows: Rows; a column of a value for each of these is no renaming.
        met: The pairs of values that occur together.
        stages: Runs tasks over buckets.
    """
    values = []
    for one, other in ((_FIRST, _SECOND), (_SECOND, _FIRST)):
        pairs = stream(met, _by(one, number), stages.buckets)
        found, _ = stages.run(_Images(one, other, pairs), filled(pairs))
        if not all(each.is_single for each in found):
            return False
        values.append(sum(each.values for each in found))
    return 1 < values[0] < rows


def _by(column: Column, number: int) -> str:
    """What the stream of a candidate's pairs is called, in buckets by one of its columns."""
    return f"{column.what} {number}"


def value_of(release: str, name: str) -> Column:
    """A field of a release, where its values are brought to the run's records."""
    return Column("value", name, release)


@dataclass(frozen=True)
class ToRecords:
    """Brings values of the rows that are left in a bucket to the buckets of the run's records.

    Attributes:
        classes: What is left of a release.
        names: The fields.
    """

    classes: Classes
    names: tuple[str, ...]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, _ANYTHING)
        if seen.empty:
            return
        release = seen.data.layout.release
        rows = {HOME: self.classes.homes(bucket)[seen.cells]}
        for name in self.names:
            rows[value_of(release, name)] = seen.data.key(name, seen.levels)[seen.cells]
        out.put_into(home_stream(release), bucket_at(rows[HOME]), rows)


@dataclass(frozen=True)
class _Known:
    """Brings values that were brought to the run's records to the buckets by which these are known again.

    A row is what it is when all records are counted together: alike in everything that any release of the table has.
    """

    source: Source
    names: tuple[str, ...]
    homes: Streams

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        source = self.source
        release = source.layout.release
        table = next(names for names in source.job.tables if release in names)
        every = columns_of(source.job, table)
        records = source.records.read(bucket, tuple(dict.fromkeys([*every, RECORDED, COUNT])))
        values = tuple(value_of(release, name) for name in self.names)
        brought = stream(self.homes, home_stream(release), source.records.buckets).read(bucket, (HOME, *values))
        given = spread(brought, len(records[COUNT]))
        there = given.pop(HOME)
        rows = {_ROW: combine([records[column] for column in every], len(there)), RECORDED: records[RECORDED]}
        own = some_of({**rows, **given}, there)
        out.put(_ROWS, own[RECORDED], own)


@dataclass(frozen=True)
class _Met:
    """What a bucket of records shows of two columns.

    Attributes:
        rows: Rows that are in both releases; those that are alike in everything count once.
        refuted: The numbers of candidates that are no copies.
    """

    rows: int
    refuted: frozenset[int]


@dataclass(frozen=True)
class _Meet:
    """Puts the values of a record in both releases side by side."""

    job: Job
    release: str
    entry: Entry
    pairs: Pairs
    rows: Stream

    def run(self, bucket: int, out: Out) -> _Met:
        """See `Task.run`."""
        ours = tuple(dict.fromkeys(value_of(self.release, name) for name, _ in self.pairs))
        rows = self.rows.read(bucket, (_ROW, RECORDED, *ours))
        _, once = np.unique(rows[_ROW], return_index=True)
        rows = some_of(rows, once)
        if not many(rows):
            return _Met(0, frozenset())
        theirs = tuple(dict.fromkeys(name for _, name in self.pairs))
        known = np.zeros(len(once), bool)
        values = {name: np.zeros(len(once), np.uint64) for name in theirs}
        with opened_again(self.job, (self.entry,)) as (file,):
            for low, high in ranges_of(bucket, self.rows.buckets, file.rows):
                prints = file.read(low, high, persons=(), values=theirs, normal=())
                place = np.searchsorted(prints.record, rows[RECORDED])
                there = np.flatnonzero(place < len(prints.record))
                there = there[prints.record[place[there]] == rows[RECORDED][there]]
                known[there] = True
                for name in theirs:
                    values[name][there] = prints.values[name][place[there]]
        refuted = [
            number
            for number, (mine, name) in enumerate(self.pairs)
            if not put_pairs(out, number, rows[value_of(self.release, mine)][known], values[name][known])
        ]
        return _Met(int(known.sum()), frozenset(refuted))


def put_pairs(out: Out, number: int, first: Fingerprints, second: Fingerprints) -> bool:
    """Set pairs of values aside that occur together; False where they show already that the columns are no copies.

    Args:
        out: What sets them aside.
        number: The number of the candidate.
        first: The key of each row's value in one column, shape (n,).
        second: The same of the other column.
    """
    _, once = np.unique(combine([first, second], len(first)), return_index=True)
    pairs = {_FIRST: first[once], _SECOND: second[once]}
    if not all(len(runs(values)[0]) == len(once) for values in pairs.values()):
        return False
    for column, values in pairs.items():
        out.put(_by(column, number), values, pairs)
    return True


@dataclass(frozen=True)
class _Image:
    """What a bucket of values shows: whether each occurs with one other value only, and how many there are."""

    is_single: bool
    values: int


@dataclass(frozen=True)
class _Images:
    """Sees with how many values of one column those of the other occur."""

    of: Column
    other: Column
    pairs: Stream

    def run(self, bucket: int, out: Out) -> _Image:
        """See `Task.run`."""
        pairs = self.pairs.read(bucket, (self.of, self.other))
        together = combine([pairs[self.of], pairs[self.other]], many(pairs))
        values = len(codes(pairs[self.of])[1])
        return _Image(values == len(codes(together)[1]), values)
