"""The records of a release as combinations of what its levels are searched by: however many records there are, these may be few."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.counting.classes import NOBODY, Source
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.risk.histogram import Histogram, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

MOST_COMBINATIONS = 1 << 22
"""Most combinations that levels are searched on."""

_SAMPLED = 16
"""Buckets, about, by whose combinations it is seen how many there are."""
_COMBINATIONS = "combinations"
_PEOPLE = Column("people")


@dataclass(frozen=True)
class Combined:
    """A release over combinations of values.

    Attributes:
        data: The release; of persons each is counted in one combination only.
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
    _, streams = stages.run(_Within(source, start), range(source.records.buckets))
    stream = stages.take(streams, _COMBINATIONS)
    if stream.rows == 0:
        return Combined(source.nothing, start)
    parts, _ = stages.run(_Whole(stream, _columns(source)))
    if sum(len(part[COUNT]) for part in parts) > MOST_COMBINATIONS:
        return None
    whole = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    counts = whole.pop(COUNT)
    people = whole.pop(_PEOPLE).view(np.int64)
    whole[Column("present", release=source.layout.release)] = np.ones(len(counts), np.uint64)
    cells = Cells(source.job, Histogram(whole, counts), NOBODY, people)
    return Combined(ReleasedData(source.job, source.layout, source.measured, cells), start)


def _start(source: Source, stages: Stages) -> dict[str, int] | None:
    """The finest levels at which a release's records make few enough combinations, by those of some of its persons.

    Whatever field has the most values is coarsened first. None where there are too many at the most general levels, too.
    """
    openings = source.nothing.openings
    choices = {name: openings.choices(name) for name in source.layout.open}
    levels = {name: allowed[0] for name, allowed in choices.items()}
    buckets = source.records.buckets
    some = range(0, buckets, max(1, buckets // _SAMPLED))
    while True:
        found, _ = stages.run(_Many(source, levels), some)
        if sum(found) * buckets <= MOST_COMBINATIONS * len(some):
            return levels
        finer = [name for name, allowed in choices.items() if levels[name] < allowed[-1]]
        if not finer:
            return None
        most = max(finer, key=lambda name: openings.distinct(name, levels[name]))
        levels[most] = next(level for level in choices[most] if level > levels[most])


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
    data = source.data(rows, with_persons=False)
    for name, level in levels.items():
        rows[Column("value", name, source.layout.release)] = data.representatives(name, level)
    return rows


@dataclass(frozen=True)
class _Many:
    """Counts the combinations of a bucket at some levels."""

    source: Source
    levels: Mapping[str, int]

    def run(self, bucket: int, out: Out) -> int:
        """See `Task.run`."""
        rows = _sound(self.source, bucket, self.levels)
        keys = combine([rows[column] for column in _columns(self.source)], len(rows[COUNT]))
        return len(codes(keys)[1])


@dataclass(frozen=True)
class _Within:
    """Puts the records of a bucket of persons together, and brings equal combinations to one bucket."""

    source: Source
    levels: Mapping[str, int]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = _sound(self.source, bucket, self.levels)
        people = rows[COUNT]
        subject = self.source.people.columns[:1]
        if subject:
            people = np.zeros(len(people), np.int64)
            numbers, distinct = codes(rows[subject[0]])
            people[first_rows(numbers, len(distinct))] = 1
        wanted = _columns(self.source)
        table = {column: rows[column] for column in wanted} | {COUNT: rows[COUNT], _PEOPLE: people.view(np.uint64)}
        keys, together = _together(table, wanted)
        out.put(_COMBINATIONS, keys, together)


@dataclass(frozen=True)
class _Whole:
    """Puts combinations of all buckets of persons together."""

    stream: Stream
    columns: list[Column]

    def run(self, bucket: int, out: Out) -> dict[Column, Any]:
        """See `Task.run`."""
        return _together(self.stream.read(bucket, (*self.columns, _PEOPLE, COUNT)), self.columns)[1]


def _together(table: dict[Column, Any], by: list[Column]) -> tuple[Fingerprints, dict[Column, Any]]:
    """Equal rows as one, with their records and persons added up; and a key for each of them."""
    keys = combine([table[column] for column in by], len(table[COUNT]))
    numbers, distinct = codes(keys)
    rows = first_rows(numbers, len(distinct))
    merged = {column: table[column][rows] for column in by}
    merged[COUNT] = tally(numbers, table[COUNT], len(distinct))
    merged[_PEOPLE] = tally(numbers, table[_PEOPLE].view(np.int64), len(distinct)).view(np.uint64)
    return distinct, merged
