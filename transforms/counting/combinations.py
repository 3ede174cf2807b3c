"""The records of a release as combinations of what its levels are searched by: however many records there are, these may be few."""

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

_COMBINATIONS = "combinations"
_PEOPLE = Column("people")


def combined(source: Source, stages: Stages) -> ReleasedData | None:
    """Put a release's records together by all values that a search looks at.

    Returns:
        The release over its combinations, in each of which persons are counted who are in no other one; None where there are
        more than `MOST_COMBINATIONS`.
    """
    _, streams = stages.run(_Within(source), range(source.records.buckets))
    stream = streams.get(_COMBINATIONS, Stream(stages.buckets))
    if stream.rows == 0:
        return source.nothing
    parts, _ = stages.run(_Whole(stream, _columns(source)))
    if sum(len(part[COUNT]) for part in parts) > MOST_COMBINATIONS:
        return None
    whole = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    counts = whole.pop(COUNT)
    people = whole.pop(_PEOPLE).view(np.int64)
    whole[Column("present", release=source.layout.release)] = np.ones(len(counts), np.uint64)
    cells = Cells(source.job, Histogram(whole, counts), NOBODY, people)
    return ReleasedData(source.job, source.layout, source.measured, cells)


def _columns(source: Source) -> list[Column]:
    """The columns of a release that a search looks at."""
    layout = source.layout
    names = [name for name in layout.fields if name in layout.rest or name in layout.sensitive or name in layout.open]
    found = [Column("value", name, layout.release) for name in names]
    return found + [Column("normal", name, layout.release) for name in layout.sensitive if name not in layout.open]


@dataclass(frozen=True)
class _Within:
    """Puts the records of a bucket of persons together, and brings equal combinations to one bucket."""

    source: Source

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        source = self.source
        present = Column("present", release=source.layout.release)
        subject = source.people.columns[:1]
        wanted = _columns(source)
        rows = source.records.read(bucket, (*wanted, *subject, present, COUNT))
        sound = np.flatnonzero(rows[present] > 0)
        if not len(sound):
            return
        rows = {column: values[sound] for column, values in rows.items()}
        people = rows[COUNT]
        if subject:
            people = np.zeros(len(sound), np.int64)
            numbers, distinct = codes(rows[subject[0]])
            people[first_rows(numbers, len(distinct))] = 1
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
