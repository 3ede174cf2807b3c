"""A release's records at some levels, bucket by bucket: no group of the rule's lines 3 to 5 has records in two buckets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.said import places
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.histogram_columns import release_columns
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

NOBODY = Persons((), (), (), {}, {}, {}, 0)
CLASSES = "classes"
LEFT = "left"
HOME = Column("home")
"""Where the record of a row is among those of the run: see `said.places`."""


def common_columns(layout: Layout) -> tuple[str, ...]:
    """The released fields that every grouping of lines 3 to 5 has: those that are not sensitive at all."""
    return tuple(name for name in layout.rest if name not in layout.sensitive)


class Records(Protocol):
    """Records in buckets, with whose they are by every identity."""

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        ...

    def read(self, bucket: int, wanted: Sequence[Column]) -> dict[Column, Any]:
        """Read some columns of one bucket: see `Stream.read`."""
        ...


@dataclass(frozen=True)
class Source:
    """What tasks know of a release before its levels are chosen.

    Attributes:
        job: The run.
        layout: The release.
        measured: What was measured of it beside its records.
        people: The persons of all records of the run.
        records: The records of the run, in any buckets, with their persons.
        sound: How many of them are sound in this release.
        past: What was given out before of the same records: which releases, and why others cannot be tested.
        met: Whether rows are found again among the records of the run, since they are tested with those of other releases.
    """

    job: Job
    layout: Layout
    measured: ReleaseMeasured
    people: People
    records: Records
    sound: int
    past: Past = field(default_factory=Past)
    met: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a record that are about the release, and those that say whose it is and which."""
        kept = [Column("signature")]
        if self.job.remembers:
            kept.append(Column("recorded"))
        return (*self.people.all_columns, *kept, *release_columns(self.job, self.layout))

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a process: without what follows from it."""
        return {name: value for name, value in self.__dict__.items() if name != "nothing"}

    @cached_property
    def nothing(self) -> ReleasedData:
        """The release without any record: what is known of it by what was measured beside them."""
        columns = {column: np.empty(0, np.uint64) for column in self.columns}
        return self.data({**columns, COUNT: np.empty(0, np.int64)})

    def data(self, columns: Mapping[Column, np.ndarray], with_persons: bool = True) -> ReleasedData:
        """The measured fields of some of the release's records.

        Args:
            columns: `columns` and `COUNT` of each record, shape (n,).
            with_persons: Whether anybody will ask whose they are.
        """
        counts = columns[COUNT]
        own = {name: keys for name, keys in columns.items() if name != COUNT}
        own[Column("present", release=self.layout.release)] = np.ones(len(counts), np.uint64)
        whose = [own[name] for name in self.people.columns]
        persons = self.people.of(whose, self.job.prints.null) if with_persons else NOBODY
        cells = Cells(self.job, Histogram(own, counts), persons)
        return ReleasedData(self.job, self.layout, self.measured, cells, self.past)


@dataclass(frozen=True)
class Classes:
    """A release's records at some levels, in buckets by what is common to all groups.

    Attributes:
        source: The release.
        levels: The level of each open field.
        rows: Its records, before any is suppressed.
        left: How many of each row are left, in the order of the rows; all, if None.
    """

    source: Source
    levels: Mapping[str, int]
    rows: Stream
    left: Stream | None = None

    def seen(self, bucket: int, everywhere: References, with_persons: bool = True) -> Candidate:
        """The release as one bucket of it shows it, given what must be known of all.

        Args:
            bucket: The bucket.
            everywhere: What must be known of all.
            with_persons: Whether anybody will ask whose its records are.
        """
        columns = self.rows.read(bucket, (*self.source.columns, COUNT))
        data = self.source.data(columns, with_persons)
        left = data.everything if self.left is None else self.left_in(bucket)
        return Candidate(data, self.levels, left, everywhere=everywhere)

    def left_in(self, bucket: int) -> Counts:
        """How many of each row of a bucket are left, shape (n,)."""
        left: Counts = (self.left or self.rows).read(bucket, (COUNT,))[COUNT]
        return left

    def with_left(self, left: Stream | None) -> "Classes":
        """The same records with others suppressed."""
        return replace(self, left=left)


def classes_of(source: Source, levels: Mapping[str, int], stages: Stages) -> Classes:
    """Bring a release's records into buckets of whole groups.

    Raises:
        OutputError: They cannot be set aside.
    """
    _, streams = stages.run(_ToClasses(source, levels), range(source.records.buckets))
    return Classes(source, levels, streams.get(CLASSES, Stream(stages.buckets)))


@dataclass(frozen=True)
class _ToClasses:
    """Brings the sound records of a bucket to the buckets of their groups."""

    source: Source
    levels: Mapping[str, int]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        source = self.source
        present = Column("present", release=source.layout.release)
        columns = source.records.read(bucket, (*source.columns, present, COUNT))
        sound = columns.pop(present) > 0
        if not sound.any():
            return
        if source.met:
            columns[HOME] = places(bucket, np.arange(len(sound)))
        if not sound.all():
            columns = {name: column[sound] for name, column in columns.items()}
        data = source.data({name: columns[name] for name in (*source.columns, COUNT)}, with_persons=False)
        keys = data.keys(common_columns(source.layout), self.levels)
        out.put(CLASSES, keys, columns)
