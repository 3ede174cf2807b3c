"""The first pass: elements of a source to one `FirstRead` for each window, and to chunks of the records beside it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.typehints.decorators import no_annotations
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.beam.step import Step
from beam_deid.transforms.measure.chunks import Bounds, chunks_of
from beam_deid.transforms.measure.measured import Histograms
from beam_deid.transforms.release.first_read import FirstPass, FirstRead, Reading
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import guarded

_RECORDS = "records"


class MeasureElements(Step):
    """Measures the elements of a source. Its main output are small facts; chunks of records are beside them.

    Args:
        job: The run.
        source: What the elements are.
        staging: Folder that releases are written to which need no decision; empty where none is.
        bounds: How large a chunk may be.
    """

    where = "measuring"

    def __init__(self, job: Job, source: Source, staging: str, bounds: Bounds) -> None:
        super().__init__(job, source)
        self._staging = staging
        self._bounds = bounds

    def process(
        self,
        element: Any,
        given: Given,
        time: Timestamp = beam.DoFn.TimestampParam,
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """One element."""
        yield from self._take(element, lambda: self._pass(given), time, window)

    def _pass(self, given: Given) -> FirstPass:
        return guarded(
            self.where, FirstPass.of, self._job.given(given), self._source.aside, self._staging, self._source.waiting
        )

    def _done(self, result: FirstRead) -> Iterator[Any]:
        measured = result.measured
        PROGRESS.add_shard()
        self._metrics.count(measured.read, measured.rejected, measured.nbytes)
        yield from self._chunks(measured.histograms)
        yield replace(result, measured=replace(measured, histograms={}))

    def _passed_on(self, work: Reading, least: int | None = None) -> Iterator[TaggedOutput]:
        for histograms in work.leave():
            yield from self._chunks(histograms)

    def _chunks(self, histograms: Histograms) -> Iterator[TaggedOutput]:
        for chunk in chunks_of(histograms, self._bounds.chunk):
            yield TaggedOutput(_RECORDS, chunk)


class MeasuredElements(NamedTuple):
    """What the first pass gives.

    Attributes:
        facts: One `FirstRead` for each window, without records.
        records: Chunks of records, each with the number of its share; none of those that were set aside or wait in files.
    """

    facts: beam.PCollection
    records: beam.PCollection


class Measure(beam.PTransform):
    """Elements → `MeasuredElements`.

    Args:
        job: The run.
        source: What the elements are.
        staging: Folder that releases are written to which need no decision; empty where none is.
        given: What is known only while it runs, a side input.
        bounds: How large a chunk may be.
    """

    def __init__(self, job: Job, source: Source, staging: str, given: beam.pvalue.AsSingleton, bounds: Bounds) -> None:
        super().__init__()
        self._step = MeasureElements(job, source, staging, bounds)
        self._given = given
        self._everywhere = source.everywhere

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, elements: beam.PCollection) -> MeasuredElements:
        """Measure, and merge the facts; no element grows with the number of records."""
        step = beam.ParDo(self._step, self._given).with_output_types(FirstRead, records=tuple[int, pa.RecordBatch])
        measured = elements | "Count" >> step.with_outputs(_RECORDS, main="facts")
        return MeasuredElements(measured.facts | "Merge" >> Merge(FirstRead, self._everywhere), measured.records)
