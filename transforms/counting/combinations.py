"""The records of a release as combinations of what its levels are searched by: however many records there are, these may be few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.counting.classes import NOBODY, Source
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.risk.histogram import Counts, Histogram, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

MOST_COMBINATIONS = 1 << 22
"""Most combinations that levels are searched on."""

_SAMPLED = 16
"""Buckets, about, by whose combinations it is seen how many there are."""
_COMBINATIONS = "combinations"
_PEOPLE = Column("people")

Subject = tuple[Column, ...]
"""The column that tells whose records are; none where that is not told."""


@dataclass(frozen=True)
class Combined:
    """A release over combinations of values.

    Attributes:
        data: The release; of persons each is counted in one combination only, unless whose records they are is told as well.
        start: The level at which each open field's values were put together.
    """

    data: ReleasedData
    start: Mapping[str, int]


def combined(source: Source, stages: Stages) -> Combined | None:
    """Put a release's records together by all values that a search looks at, at the finest levels at which they are few enough.

    Returns:
        The release over its combinations; None where there are more than `MOST_COMBINATIONS` at any levels.
    """
    start = _start(source, stages)
    if start is None:
        return None
    levels, subject = start
    _, streams = stages.run(_Within(source, levels, subject), source.records.filled)
    stream = stages.take(streams, _COMBINATIONS)
    if stream.rows == 0:
        return Combined(source.nothing, levels)
    parts, _ = stages.run(_Whole(stream, (*_columns(source), *subject)), stream.filled)
    if sum(len(part[COUNT]) for part in parts) > MOST_COMBINATIONS:
        return None
    whole = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    return Combined(ReleasedData(source.job, source.layout, source.measured, _cells(source, whole, subject)), levels)


def _cells(source: Source, whole: dict[Column, Any], subject: Subject) -> Cells:
    """All combinations, as cells of which it is told whose they are, or how many persons each has."""
    counts = whole.pop(COUNT)
    people = whole.pop(_PEOPLE).view(np.int64)
    whole[Column("present", release=source.layout.release)] = np.ones(len(counts), np.uint64)
    if not subject:  # where nobody says whom records are about each is a person of its own, and all are counted
        return Cells(source.job, Histogram(whole, counts), NOBODY, people if source.people.names else None)
    alone = People(source.people.names[:1])
    return Cells(source.job, Histogram(whole, counts), alone.of([whole[subject[0]]], source.job.prints.null))


def _start(source: Source, stages: Stages) -> tuple[dict[str, int], Subject] | None:
    """The finest levels at which a release's records make few enough combinations, by those of some of its persons.

    Whatever field has the most values is coarsened first.

    Returns:
        The levels, and the subject's column if there are few enough combinations of each subject as well; None where there are
        too many at the most general levels, too.
    """
    openings = source.nothing.openings
    choices = {name: openings.choices(name) for name in source.layout.open}
    levels = {name: allowed[0] for name, allowed in choices.items()}
    buckets = source.records.buckets
    some = range(0, buckets, max(1, buckets // _SAMPLED))
    most = MOST_COMBINATIONS * len(some)
    while True:
        found, _ = stages.run(_Many(source, levels), some)
        if sum(one.combinations for one in found) * buckets <= most:
            few = sum(one.of_subjects for one in found) * buckets <= most
            return levels, source.people.columns[:1] if few else ()
        finer = [name for name, allowed in choices.items() if levels[name] < allowed[-1]]
        if not finer:
            return None
        widest = max(finer, key=lambda name: openings.distinct(name, levels[name]))
        levels[widest] = next(level for level in choices[widest] if level > levels[widest])


def _columns(source: Source) -> list[Column]:
    """The columns of a release that a search looks at."""
    layout = source.layout
    names = [name for name in layout.fields if name in layout.rest or name in layout.sensitive or name in layout.open]
    found = [Column("value", name, layout.release) for name in names]
    return found + [Column("normal", name, layout.release) for name in layout.sensitive if name not in layout.open]


def _sound(source: Source, bucket: int, levels: Mapping[str, int]) -> dict[Column, Any]:
    """The sound records of a bucket, with one value for all that are alike at some levels."""
    present = Column("present", release=source.layout.release)
    rows = source.records.read(bucket, tuple(dict.fromkeys([*source.columns, present, COUNT])))
    sound = np.flatnonzero(rows.pop(present) > 0)
    rows = {column: values[sound] for column, values in rows.items()}
    data = source.data(rows)
    for name, level in levels.items():
        rows[Column("value", name, source.layout.release)] = data.representatives(name, level)
    return rows


class _Found(NamedTuple):
    """How many combinations a bucket has, of all its records and of those of each subject."""

    combinations: int
    of_subjects: int


@dataclass(frozen=True)
class _Many:
    """Counts the combinations of a bucket at some levels."""

    source: Source
    levels: Mapping[str, int]

    def run(self, bucket: int, out: Out) -> _Found:
        """See `Task.run`."""
        rows = _sound(self.source, bucket, self.levels)
        keys = combine([rows[column] for column in _columns(self.source)], len(rows[COUNT]))
        whose = [rows[column] for column in self.source.people.columns[:1]]
        return _Found(len(codes(keys)[1]), len(codes(combine([keys, *whose], len(keys)))[1]))


@dataclass(frozen=True)
class _Within:
    """Puts the records of a bucket of persons together, and brings equal combinations to one bucket.

    Attributes:
        source: The release.
        levels: The levels.
        subject: The column that tells whose combinations are, where that is told.
    """

    source: Source
    levels: Mapping[str, int]
    subject: Subject

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = _sound(self.source, bucket, self.levels)
        wanted = (*_columns(self.source), *self.subject)
        people = self._people(rows).view(np.uint64)
        table = {column: rows[column] for column in wanted} | {COUNT: rows[COUNT], _PEOPLE: people}
        keys, together = _together(table, wanted)
        out.put(_COMBINATIONS, keys, together)

    def _people(self, rows: Mapping[Column, Any]) -> Counts:
        """Persons of each row, each in one row only."""
        whose = self.source.people.columns[:1]
        if not whose:
            return np.asarray(rows[COUNT])
        people = np.zeros(len(rows[COUNT]), np.int64)
        numbers, distinct = codes(rows[whose[0]])
        people[first_rows(numbers, len(distinct))] = 1
        return people


@dataclass(frozen=True)
class _Whole:
    """Puts combinations of all buckets of persons together."""

    stream: Stream
    columns: Sequence[Column]

    def run(self, bucket: int, out: Out) -> dict[Column, Any]:
        """See `Task.run`."""
        return _together(self.stream.read(bucket, (*self.columns, _PEOPLE, COUNT)), self.columns)[1]


def _together(table: dict[Column, Any], by: Sequence[Column]) -> tuple[Fingerprints, dict[Column, Any]]:
    """Equal rows as one, with their records and persons added up; and a key for each of them."""
    keys = combine([table[column] for column in by], len(table[COUNT]))
    numbers, distinct = codes(keys)
    rows = first_rows(numbers, len(distinct))
    merged = {column: table[column][rows] for column in by}
    merged[COUNT] = tally(numbers, table[COUNT], len(distinct))
    merged[_PEOPLE] = tally(numbers, table[_PEOPLE].view(np.int64), len(distinct)).view(np.uint64)
    return distinct, merged
