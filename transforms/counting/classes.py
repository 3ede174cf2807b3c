"""A release's records at some levels, bucket by bucket: no group of the rule's lines 3 to 5 has records in two buckets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.columns.on_demand import MadeByKey, MadeInOrder
from beam_deid.transforms.columns.partition import bucket_of
from beam_deid.transforms.counting.parts import Part, chosen, stacked
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.said import places
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.histogram_columns import release_columns
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.risk.histogram import Counts, Histogram, total
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

NOBODY = Persons((), (), (), {}, {}, {})
CLASSES = "classes"
HEAVY = "heavy"
HOME = Column("home")
"""Where the record of a row is among those of the run: see `said.places`."""

MOST_ROWS = 1 << 19
"""Most rows of a bucket, as long as a few groups are all that makes it larger."""
_SHARE = 8
"""A group is heavy if it has this part of a bucket's most rows; smaller ones would spare little."""
_TOLD = 1 << 20
_FEW = 64
"""Of so many groups in all, and of so many of each bucket, it is told how many rows they have."""


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
        most: Most rows of a bucket of whole groups: where it has more, its greatest groups are spread over all buckets.
        past: What was given out before of the same records: which releases, and why others cannot be tested.
        met: Whether rows are found again among the records of the run, since they are tested with those of other releases.
    """

    job: Job
    layout: Layout
    measured: ReleaseMeasured
    people: People
    records: Records
    sound: int
    most: int = MOST_ROWS
    past: Past = field(default_factory=Past)
    met: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a record that are about the release, and those that say whose it is and which."""
        kept = [Column("signature")]
        if self.job.remembers:
            kept.append(Column("recorded"))
        return (*self.people.all_columns, *kept, *release_columns(self.job, self.layout))

    @property
    def row_columns(self) -> tuple[Column, ...]:
        """All columns of a row of its classes but `COUNT`."""
        return (*self.columns, HOME) if self.met else self.columns

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a process: without what follows from it."""
        return {name: value for name, value in self.__dict__.items() if name != "nothing"}

    @cached_property
    def nothing(self) -> ReleasedData:
        """The release without any record: what is known of it by what was measured beside them."""
        columns = {column: np.empty(0, np.uint64) for column in self.columns}
        return self.data({**columns, COUNT: np.empty(0, np.int64)})

    def sound_rows(self, bucket: int) -> dict[Column, Any]:
        """`columns` and `COUNT` of the records of a bucket that are sound in the release, each of shape (n,).

        Where rows are found again, `HOME` is among them.
        """
        present = Column("present", release=self.layout.release)
        columns = self.records.read(bucket, (*self.columns, present, COUNT))
        if self.met:
            columns[HOME] = places(bucket, np.arange(len(columns[COUNT])))
        sound = columns.pop(present) > 0
        return columns if sound.all() else chosen(columns, sound)

    def group_keys(self, columns: Mapping[Column, np.ndarray], levels: Mapping[str, int]) -> Fingerprints:
        """The key of each row by what all groupings of the release have in common, shape (n,)."""
        own = {name: columns[name] for name in (*self.columns, COUNT)}
        return self.data(own).keys(common_columns(self.layout), levels)

    def data(self, columns: Mapping[Column, np.ndarray]) -> ReleasedData:
        """The measured fields of some of the release's records.

        Args:
            columns: `columns` and `COUNT` of each record, shape (n,).
        """
        counts = columns[COUNT]
        present = Column("present", release=self.layout.release)

        def column(name: Column) -> np.ndarray:
            return np.ones(len(counts), np.uint64) if name == present else columns[name]

        own = MadeByKey([*columns, present], column)
        whose = MadeInOrder(len(self.people.names), lambda at: own[self.people.columns[at]])
        persons = self.people.of(whose, self.job.prints.null)
        cells = Cells(self.job, Histogram(own, counts), persons)
        return ReleasedData(self.job, self.layout, self.measured, cells, self.past)


@dataclass(frozen=True)
class Classes:
    """A release's records at some levels, in buckets by what is common to all groups.

    Records of groups that would fill a bucket by themselves are spread over all buckets by whom they are about. What is asked of
    whole groups is told of these by tallies (`counting.tallies`).

    Attributes:
        source: The release.
        levels: The level of each open field.
        light: The records whose groups are whole in their bucket.
        heavy: The others; None if there are none.
        tallies: What is counted of the heavy records that are left; None where nothing is counted yet.
    """

    source: Source
    levels: Mapping[str, int]
    light: Part
    heavy: Part | None = None
    tallies: tuple[Stream, ...] | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The light records, and the heavy ones if there are any."""
        return (self.light,) if self.heavy is None else (self.light, self.heavy)

    @property
    def heavy_left(self) -> Stream | None:
        """How many of each heavy row are left: see `Part.left`."""
        return None if self.heavy is None else self.heavy.left

    @property
    def filled(self) -> list[int]:
        """The buckets that have any record."""
        buckets = range(self.light.rows[0].buckets)
        return [bucket for bucket in buckets if any(part.rows_in(bucket) for part in self.parts)]

    def seen(self, bucket: int, everywhere: References) -> Candidate:
        """The release as the records of one bucket show it, given what must be known of all; of heavy groups some records."""
        return self._seen(self.parts, bucket, everywhere)

    def seen_whole(self, bucket: int, everywhere: References) -> Candidate:
        """The release as one bucket of whole groups shows it, given what must be known of all."""
        return self._seen((self.light,), bucket, everywhere)

    def seen_heavy(self, bucket: int, everywhere: References) -> Candidate:
        """Some of the records of heavy groups."""
        return self._seen(self.parts[1:], bucket, everywhere)

    def _seen(self, parts: Sequence[Part], bucket: int, everywhere: References) -> Candidate:
        def column(name: Column) -> np.ndarray:
            return stacked([part.read(bucket, (name,)) for part in parts])[name]

        columns = MadeByKey((*self.source.columns, COUNT), column)
        whole = all(part.left is None for part in parts)
        left = columns[COUNT] if whole else np.concatenate([part.left_of(bucket) for part in parts])
        return Candidate(self.source.data(columns), self.levels, left, everywhere=everywhere)

    def homes(self, bucket: int) -> Fingerprints:
        """Where the records of all rows of a bucket are among those of the run, shape (n,), in the order of `seen`."""
        return np.concatenate([part.read(bucket, (HOME,))[HOME] for part in self.parts])

    def column(self, bucket: int, column: Column) -> Fingerprints:
        """A column of the records of a bucket that are left, shape (n,)."""
        return np.concatenate([part.read(bucket, (column,))[column][part.left_of(bucket) > 0] for part in self.parts])

    def with_left(self, light: Stream | None, heavy: Stream | None) -> "Classes":
        """The same records with others suppressed; tallies stay where the same heavy ones are left."""
        spread = None if self.heavy is None else replace(self.heavy, left=heavy)
        tallies = self.tallies if heavy is self.heavy_left else None
        return replace(self, light=replace(self.light, left=light), heavy=spread, tallies=tallies)


def classes_of(source: Source, levels: Mapping[str, int], stages: Stages) -> Classes:
    """Bring a release's records into buckets of whole groups, but for groups that would fill one by themselves.

    Raises:
        OutputError: They cannot be set aside.
    """
    nothing = np.empty(0, np.uint64)
    found = _divided(source, levels, nothing, stages)
    heavy = _heavy_groups(found, stages)
    if not len(heavy):
        return found
    del found  # its files go before others come
    return _divided(source, levels, heavy, stages)


def _divided(source: Source, levels: Mapping[str, int], heavy: Fingerprints, stages: Stages) -> Classes:
    """Bring a release's records into buckets, given which groups are heavy: their keys, ascending."""
    _, streams = stages.run(_ToClasses(source, levels, heavy), range(source.records.buckets))
    nothing = Stream(stages.buckets)
    spread = Part((streams[HEAVY],)) if HEAVY in streams else None
    return Classes(source, levels, Part((streams.get(CLASSES, nothing),)), spread)


def _heavy_groups(classes: Classes, stages: Stages) -> Fingerprints:
    """The groups that make a bucket too large: its greatest ones, until what is left of it is small enough."""
    source = classes.source
    rows = [classes.light.rows_in(bucket) for bucket in range(stages.buckets)]
    large = np.flatnonzero(np.array(rows) > source.most)
    if not len(large):
        return np.empty(0, np.uint64)
    parts, _ = stages.run(_Greatest(source, classes.levels, large, stages.buckets), range(source.records.buckets))
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


@dataclass(frozen=True)
class _Greatest:
    """Counts the rows of the greatest groups that come to some buckets."""

    source: Source
    levels: Mapping[str, int]
    wanted: Counts
    buckets: int

    def run(self, bucket: int, out: Out) -> tuple[Fingerprints, Counts]:
        """The groups and their rows; see `Task.run`."""
        columns = self.source.sound_rows(bucket)
        keys = self.source.group_keys(columns, self.levels)
        distinct, counts = runs(keys[np.isin(bucket_of(keys, self.buckets), self.wanted)])
        greatest = np.argsort(-counts, kind="stable")[: max(_TOLD // self.source.records.buckets, _FEW)]
        return distinct[greatest], counts[greatest]


@dataclass(frozen=True)
class _ToClasses:
    """Brings the sound records of a bucket to the buckets of their groups; those of heavy groups to those of their subjects."""

    source: Source
    levels: Mapping[str, int]
    heavy: Fingerprints

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        columns = self.source.sound_rows(bucket)
        if not len(columns[COUNT]):
            return
        keys = self.source.group_keys(columns, self.levels)
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
