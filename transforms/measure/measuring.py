"""The measuring pass: typed records to histograms, scans and counts. Mergeable, and free of raw identifiers.

Releases that are tested together are counted together: a row of their histogram is a kind of record, alike in every identity and
in every value of every one of these releases. Each other release has a histogram of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain_type
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.columns.numbers import as_moments, as_numbers, is_ordered
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.measure.aside import Aside
from beam_deid.transforms.measure.histogram_columns import attacked_fields, release_columns
from beam_deid.transforms.measure.listing import Listing
from beam_deid.transforms.measure.measured import Histograms, Measured, ReleaseMeasured, fault_counts, first_faults
from beam_deid.transforms.measure.noticing import Noticing
from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.measure.scanning import Scanner
from beam_deid.transforms.measure.special import SPECIAL, special_bits
from beam_deid.transforms.measure.spelling import without_spelling
from beam_deid.transforms.measure.unchanged import left_whole
from beam_deid.transforms.policy.roles import platform_fields
from beam_deid.transforms.recognisers.platforms.linkable import linkable_shapes
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.spans import Spans
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.treat.gate import Gate
from beam_deid.transforms.treat.passes import pass_over
from beam_deid.transforms.treat.treated import TreatedBatch
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, TypedBatch


class Measurer:
    """Measures the records of a shard, or of any other part of the input, for all releases of a job.

    Args:
        job: The run, on a worker.
        treatments: What treats the records of each release before they are counted.
        aside: Where records wait that are counted in buckets; None where all are counted in memory.
        released: Releases that are released at once: all their fields are treated, also those that nothing is measured of.
        shard: The shard; None for other parts of the input.
        written: Keyed fields of which what is released is counted as well.
    """

    def __init__(
        self,
        job: Job,
        treatments: Mapping[str, Treatment],
        aside: Aside | None = None,
        released: Collection[str] = (),
        shard: Shard | None = None,
        written: Collection[str] = (),
    ) -> None:
        self._job = job
        self._noticing = Noticing(job, shard)
        self._released = released
        self._written = written
        self._aside = None if aside is None else aside.out()
        self._layouts = job.layouts
        self._treatments = treatments
        self._done = Measured(releases={name: ReleaseMeasured() for name in self._layouts})
        self._parts: list[Measured] = []
        self._records: list[Histograms] = []
        columns = tuple(job.policy.fields)
        self._scanners = {
            name: Scanner(linkable_shapes(columns, platform_fields(job.policy, name))) for name in self._layouts
        }
        self._listing = {name: Listing(job.policy, layout) for name, layout in self._layouts.items()}

    def add(self, batch: TypedBatch) -> dict[str, TreatedBatch]:
        """Count a batch: its sound records, the faults of the others, and how many were read.

        Returns:
            What it was treated to, by release, of those that are released at once.
        """
        given: dict[str, TreatedBatch] = {}
        self._noticing.add(batch)
        records = batch.records
        part = Measured(batch.read, nbytes=batch.nbytes)
        keys = RecordKeys(self._job, records)
        columns = self._whose(keys)
        for name, layout in self._layouts.items():
            treated, sound, own, withheld = self._treatments[name].apply(records)
            kept = keys.where(records.where(sound))
            found, values = self._release(layout, treated, kept)
            if name in self._released:
                shown = {field: values[Column("value", field, name)] for field in layout.fields}
                given[name] = TreatedBatch(kept.records, treated, shown, kept.signature(), sound, own, withheld)
            found.rejected = batch.read - int(sound.sum()) - withheld.total()
            found.withheld = withheld
            found.faults = fault_counts([*batch.faults, *own])
            found.first = first_faults(batch, own, name)
            part.releases[name] = found
            columns[Column("present", release=name)] = sound.astype(np.uint64)
            columns.update((column, _spread(own_keys, sound)) for column, own_keys in values.items())
            for column in layout.scanned:
                self._scanners[name].add(column, treated[column])
        if len(records):
            counted: Histograms = {}
            for together in self._job.tables:
                own_columns = {
                    name: keys for name, keys in columns.items() if not name.release or name.release in together
                }
                if self._aside is not None:
                    self._aside.add(together, self._job, own_columns)
                    continue
                counted[together] = Histogram.of(own_columns, np.ones(len(records), np.int64))
            self._records.append(counted)
        self._parts.append(part)
        return given

    def close(self) -> None:
        """Finish what is set aside."""
        if self._aside is not None:
            self._done.aside = self._aside.close()

    def result(self) -> Measured:
        """The sum of all batches, but for records that left before. Each distinct released text is scanned once."""
        records = [Measured(histograms=counted) for counted in self.leave()]
        merged = Measured.merge([self._done, *self._parts, *records])
        merged.noticed = self._noticing.result()
        for name, scanner in self._scanners.items():
            merged.releases[name].scanned = scanner.result()
            merged.releases[name].listed = self._listing[name].hits
        return merged

    def leave(self) -> Sequence[Histograms]:
        """Give away the records that were counted since, so that they need not be held until the end."""
        left = self._records
        self._records = []
        return left

    def _whose(self, keys: RecordKeys) -> dict[Column, Fingerprints]:
        """The columns that tell the records' persons, by every identity, and the records themselves."""
        job = self._job
        columns = {Column("identity", name): own for name, own in keys.identities().items()}
        columns[Column("signature")] = keys.signature()
        if job.remembers:
            columns[Column("recorded")] = keys.recorded()
        if job.special:
            columns[SPECIAL] = special_bits(job.policy, job.special, keys, job.at)
        if job.keys_each_record:
            columns[Column("record")] = keys.of_all_fields()
            if job.files > 1:
                file = fingerprint(pa.array([keys.records.file]), job.prints)[0]
                columns[Column("file")] = np.full(len(keys.records), file, np.uint64)
        return columns

    def _release(
        self, layout: Layout, treated: Mapping[str, pa.Array], keys: RecordKeys
    ) -> tuple[ReleaseMeasured, dict[Column, Fingerprints]]:
        """What a release's sound records have: what is measured of them, and their columns."""
        if len(keys.records) == 0:
            names = [*release_columns(self._job, layout), *self._written_columns(layout)]
            return ReleaseMeasured(), {column: np.empty(0, np.uint64) for column in names}
        columns = self._columns(layout, treated, keys)
        return self._beside(layout, treated, keys.records, columns), columns

    def _columns(self, layout: Layout, treated: Mapping[str, pa.Array], keys: RecordKeys) -> dict[Column, Fingerprints]:
        """What the histogram holds of a release's sound records."""
        policy = self._job.policy
        release = layout.release
        columns: dict[Column, Fingerprints] = {}
        spelled = layout.spelled
        for name in layout.fields:
            keyed = name in layout.keyed
            columns[Column("value", name, release)] = keys.source(layout, name) if keyed else keys.of(treated[name])
            if name in spelled:
                values = keys.origin(layout, name) if keyed else treated[name]
                columns[Column("normal", name, release)] = keys.of(without_spelling(values, policy, name))
        for what, name in attacked_fields(self._job, layout):
            if what == "moment":
                columns[Column(what, name, release)] = as_moments(treated[name]).view(np.uint64)
            else:
                columns[Column(what, name, release)] = (
                    keys.of(treated[name]) if what == "token" else keys.made_from(layout, name)
                )
        columns.update((column, keys.of(treated[column.field])) for column in self._written_columns(layout))
        if layout.listed:
            columns[Column("listed", release=release)] = self._listing[release].of(treated)
        return columns

    def _written_columns(self, layout: Layout) -> list[Column]:
        return [Column("written", name, layout.release) for name in layout.keyed if name in self._written]

    def _beside(
        self,
        layout: Layout,
        treated: Mapping[str, pa.Array],
        records: Records,
        columns: Mapping[Column, Fingerprints],
    ) -> ReleaseMeasured:
        """What is measured of a release's sound records beside their histogram."""
        spans = {
            name: _span(name, columns[Column("value", name, layout.release)], records.columns[name])
            for name in layout.near
        }
        bases = {name: pc.unique(treated[name]) for name in (*layout.open, *layout.placed)}
        types = {name: plain_type(column.type) for name, column in records.columns.items()}
        # A batch in which a field is null throughout does not tell its type.
        types = {name: kind for name, kind in types.items() if not pa.types.is_null(kind)}
        whole = {name: left_whole(records.columns[name], treated[name]) for name in layout.named}
        for name in layout.named:
            if name not in layout.open:
                whole[name] = pa.array(fingerprint(whole[name], self._job.prints))
        return ReleaseMeasured(bases, spans, types, whole=whole)


def _spread(keys: Fingerprints, sound: np.ndarray) -> Fingerprints:
    """Fingerprints of sound records in the place of all; the others have none."""
    if sound.all():
        return keys
    spread = np.zeros(len(sound), np.uint64)
    spread[sound] = keys
    return spread


@dataclass(frozen=True)
class MeasurePass:
    """The measuring pass of a run, as workers are told of it.

    Attributes:
        job: The run, on a worker.
        aside: Where records wait that are counted in buckets; None where all are counted in memory.
        released: Releases that are released at once, of which all fields are treated.
        written: Keyed fields of which what is released is counted as well; see `Column`.
        untreated: Keyed fields that are not treated, for their keys cannot be had: they are counted by what they are made from.
    """

    job: Job
    aside: Aside | None = None
    released: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    untreated: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that it reads."""
        return self.job.measured_columns

    @cached_property
    def _treatments(self) -> dict[str, Treatment]:
        return {
            name: Treatment(self.job, name, {}, self._treated(one), Gate(self.job, name))
            for name, one in self.job.layouts.items()
        }

    def _treated(self, layout: Layout) -> list[str]:
        """The fields of a release that are treated."""
        counted = layout.fields if layout.release in self.released else layout.treated
        written = (name for name in layout.keyed if name in self.written)
        return [name for name in dict.fromkeys([*counted, *written]) if name not in self.untreated]

    def __getstate__(self) -> dict[str, object]:
        """What is pickled: treatments hold keys and are made once on each worker."""
        names = ("job", "aside", "released", "written", "untreated")
        return {name: getattr(self, name) for name in names}

    def begin(self, shard: Shard | None = None) -> Measurer:
        """Measure a shard, or other batches.

        Raises:
            KeyFault: An action that is measured needs a key that cannot be resolved.
        """
        return Measurer(self.job, self._treatments, self.aside, self.released, shard, self.written)


def measure_shard(shard: Shard, job: Job) -> Measured:
    """Measure one shard, in this process.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
    """
    return pass_over(shard, Shared(MeasurePass(job)))


def _span(name: str, keys: Fingerprints, origins: pa.Array) -> Spans:
    if not is_ordered(origins.type):
        raise PolicyError(
            f"{name} is {origins.type}; only numbers, dates and times can be near each other",
            f"field {name}",
            "Declare its kind, or leave it out of within",
        )
    numbers = as_numbers(origins)
    return Spans.of(keys, numbers, numbers)
