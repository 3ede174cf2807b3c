"""The records of a release as combinations of what its levels are searched by: however many records there are, these may be few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.coded import Coded
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.columns.on_demand import MadeEachTime
from beam_deid.transforms.counting.classes import NOBODY, Source
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.decide.searching import Searcher
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.risk.histogram import Counts, Histogram, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

MOST_COMBINATIONS = 1 << 21
"""Most combinations that levels are searched on: the search of so many takes some 450 MiB."""

_SAMPLED = 16
"""Buckets, about, by whose combinations it is seen how many there are."""
_LEAST = 1 << 14
"""So many combinations of each of these buckets are looked for in the others."""
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
        The release over its combinations; None where there are too many at any levels.
    """
    start = _start(source, stages)
    if start is None:
        return None
    levels, subject = start
    _, streams = stages.run(_Within(source, levels, subject), source.records.filled)
    stream = stages.take(streams, _COMBINATIONS)
    if stream.rows == 0:
        return Combined(source.nothing, levels)
    found, _ = stages.run(_Whole(stream, _columns(source), subject), stream.filled, Merged.merge)
    whole = Merged.merge(found)
    if len(whole.counts) > _most(source):
        return None
    return Combined(ReleasedData(source.job, source.layout, source.measured, _cells(source, whole)), levels)


@dataclass(frozen=True)
class Merged:
    """Combinations of some buckets, each in one of them only.

    Attributes:
        columns: What they are of, each column of shape (n,).
        counts: Records of each, shape (n,).
        people: Persons of each, each person in one only, shape (n,); None where it is told whose they are.
        subject: Whose each is, shape (n,); None where that is not told.
    """

    columns: Mapping[Column, Coded]
    counts: Counts
    people: Counts | None
    subject: Fingerprints | None

    @classmethod
    def merge(cls, parts: Sequence["Merged"]) -> "Merged":
        """Put parts one behind the other, one at least; associative."""
        if len(parts) == 1:
            return parts[0]
        columns = {column: Coded.joined([part.columns[column] for part in parts]) for column in parts[0].columns}
        counts = np.concatenate([part.counts for part in parts])
        people = [part.people for part in parts if part.people is not None]
        subjects = [part.subject for part in parts if part.subject is not None]
        return cls(
            columns,
            counts,
            np.concatenate(people) if people else None,
            np.concatenate(subjects) if subjects else None,
        )


def _cells(source: Source, whole: Merged) -> Cells:
    """All combinations, as cells of which it is told whose they are, or how many persons each has."""
    present = Column("present", release=source.layout.release)

    def column(name: Column) -> Fingerprints:
        return np.ones(len(whole.counts), np.uint64) if name == present else whole.columns[name].keys

    histogram = Histogram(MadeEachTime((*whole.columns, present), column), whole.counts)
    if (
        whole.subject is None
    ):  # where nobody says whom records are about each is a person of its own, and all are counted
        return Cells(source.job, histogram, NOBODY, whole.people if source.people.names else None)
    alone = People(source.people.names[:1])
    return Cells(source.job, histogram, alone.of([whole.subject], source.job.prints.null))


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
    most = _most(source) * len(some)
    while True:
        found, _ = stages.run(_Many(source, levels), some)
        if _distinct(found) * buckets <= most:
            few = sum(one.of_subjects for one in found) * buckets <= most
            return levels, source.people.columns[:1] if few else ()
        finer = [name for name, allowed in choices.items() if levels[name] < allowed[-1]]
        if not finer:
            return None
        widest = max(finer, key=lambda name: openings.distinct(name, levels[name]))
        levels[widest] = next(level for level in choices[widest] if level > levels[widest])


def _most(source: Source) -> int:
    """Most combinations that levels of a release are searched on: each choice of levels of sensitive fields has a copy of them."""
    lattices = sum(1 for _ in Searcher(source.nothing).coarsest())
    return MOST_COMBINATIONS // lattices


def _distinct(found: Sequence["_Found"]) -> int:
    """How many combinations some buckets have together, where each has its own ones and most are in several.

    It is exact where no bucket has more than `_LEAST`. Else it is told by those with the least keys, which are a fair sample.
    """
    cut = [one.least[-1] for one in found if len(one.least) < one.combinations]
    until = min(cut, default=np.iinfo(np.uint64).max)
    sampled = np.concatenate([one.least[one.least <= until] for one in found])
    each = sum(one.combinations for one in found)
    return round(each * len(np.unique(sampled)) / max(len(sampled), 1))


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
    """How many combinations a bucket has.

    Attributes:
        combinations: Of all its records.
        of_subjects: Of those of each subject.
        least: The least keys of the former, `_LEAST` of them at most, ascending.
    """

    combinations: int
    of_subjects: int
    least: Fingerprints


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
        distinct = codes(keys)[1]
        of_subjects = len(codes(combine([keys, *whose], len(keys)))[1])
        return _Found(len(distinct), of_subjects, np.sort(distinct)[:_LEAST])


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
    subject: Subject

    def run(self, bucket: int, out: Out) -> Merged:
        """See `Task.run`."""
        by = (*self.columns, *self.subject)
        merged = _together(self.stream.read(bucket, (*by, _PEOPLE, COUNT)), by)[1]
        whose = [merged[column] for column in self.subject]
        return Merged(
            columns={column: Coded.of(merged[column]) for column in self.columns},
            counts=merged[COUNT],
            people=None if whose else merged[_PEOPLE].view(np.int64),
            subject=whose[0] if whose else None,
        )


def _together(table: dict[Column, Any], by: Sequence[Column]) -> tuple[Fingerprints, dict[Column, Any]]:
    """Equal rows as one, with their records and persons added up; and a key for each of them."""
    keys = combine([table[column] for column in by], len(table[COUNT]))
    numbers, distinct = codes(keys)
    rows = first_rows(numbers, len(distinct))
    merged = {column: table[column][rows] for column in by}
    merged[COUNT] = tally(numbers, table[COUNT], len(distinct))
    merged[_PEOPLE] = tally(numbers, table[_PEOPLE].view(np.int64), len(distinct)).view(np.uint64)
    return distinct, merged
