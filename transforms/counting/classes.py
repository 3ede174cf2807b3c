"""A release's records at some levels, bucket by bucket: no group of the rule's lines 3 to 5 has records in two buckets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.on_demand import MadeByKey, MadeInOrder
from beam_deid.transforms.counting.parts import Part, chosen, stacked
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.rounds import ROUND, RoundLevels
from beam_deid.transforms.counting.said import places
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.histogram_columns import release_columns
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout
from beam_deid.transforms.run.stages import COUNT, Stream, filled

NOBODY = Persons((), (), (), {}, {}, {})
CLASSES = "classes"
HEAVY = "heavy"
HOME = Column("home")
"""Where the record of a row is among those of the run: see `said.places`."""

MOST_ROWS = 1 << 18
"""Most rows of a bucket, as long as a few groups are all that makes it larger."""


def common_columns(layout: Layout) -> tuple[str, ...]:
    """The released fields that every grouping of lines 3 to 5 has: those that are not sensitive at all."""
    return tuple(name for name in layout.rest if name not in layout.sensitive)


class Records(Protocol):
    """Records in buckets, with whose they are by every identity."""

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        ...

    @property
    def filled(self) -> list[int]:
        """The buckets that have any record."""
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
        rounds: The levels of the rounds at which its records are.
        levels: The level of each open field; all at which any record is, where these differ.
        light: The records whose groups are whole in their bucket.
        heavy: The others; None if there are none.
        tallies: What is counted of the heavy records that are left, in `fine_buckets`; None where nothing is counted yet.
    """

    source: Source
    rounds: RoundLevels
    levels: RowLevels
    light: Part
    heavy: Part | None = None
    tallies: Stream | None = None

    @property
    def row_columns(self) -> tuple[Column, ...]:
        """All columns of a row but `COUNT`."""
        return (*self.source.row_columns, *self._round_column)

    @property
    def _round_column(self) -> tuple[Column, ...]:
        return (ROUND,) if self.rounds.differ else ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The light records, and the heavy ones if there are any."""
        return (self.light,) if self.heavy is None else (self.light, self.heavy)

    @property
    def heavy_left(self) -> Stream | None:
        """How many of each heavy row are left: see `Part.left`."""
        return None if self.heavy is None else self.heavy.left

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return self.light.rows[0].buckets

    @property
    def cuts(self) -> range:
        """The fine buckets of tallies."""
        return range(0 if self.tallies is None else self.tallies.buckets)

    @property
    def filled_cuts(self) -> list[int]:
        """Those in which anything is counted."""
        return [] if self.tallies is None else self.tallies.filled

    def cuts_of(self, bucket: int) -> range:
        """Those that lie in a bucket."""
        each = len(self.cuts) // self.buckets
        return range(bucket * each, (bucket + 1) * each)

    @property
    def filled(self) -> list[int]:
        """The buckets that have any record."""
        return filled(*(stream for part in self.parts for stream in part.rows))

    @property
    def occupied(self) -> list[int]:
        """The buckets that have any record, or anything that is counted of heavy ones."""
        counted = [] if self.tallies is None else self.tallies.filled
        each = max(1, len(self.cuts) // self.buckets)
        return sorted({*self.filled, *(cut // each for cut in counted)})

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

        columns = MadeByKey((*self.source.columns, *self._round_column, COUNT), column)
        whole = all(part.left is None for part in parts)
        left = columns[COUNT] if whole else np.concatenate([part.left_of(bucket) for part in parts])
        return Candidate(self.source.data(columns), self.rounds.of(columns), left, everywhere=everywhere)

    def group_keys(self, columns: Mapping[Column, np.ndarray]) -> Fingerprints:
        """The key of some rows by what all groupings of the release have in common, shape (n,)."""
        return self.source.data(columns).keys(common_columns(self.source.layout), self.rounds.of(columns))

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
