"""The first pass: elements of a source to one `Measured` for each window."""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import BoundedWindow
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.beam.step import Step
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import MeasurePass
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.progress import PROGRESS


class MeasureElements(Step):
    """Measures the elements of a source."""

    where = "measuring"

    def process(
        self,
        element: Any,
        given: Given,
        time: Timestamp = beam.DoFn.TimestampParam,
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """One element."""
        yield from self._take(element, lambda: MeasurePass(self._job.given(given), self._source.aside), time, window)

    def _done(self, result: Measured) -> Iterator[Measured]:
        PROGRESS.add(result.read)
        self._metrics.count(result.read, result.rejected, result.nbytes)
        yield result


class Measure(beam.PTransform):
    """Elements → one `Measured` for each window.

    Args:
        job: The run.
        source: What the elements are.
        given: What is known only while it runs, a side input.
    """

    def __init__(self, job: Job, source: Source, given: beam.pvalue.AsSingleton) -> None:
        super().__init__()
        self._step = MeasureElements(job, source)
        self._given = given
        self._everywhere = source.everywhere

    def expand(self, elements: beam.PCollection) -> beam.PCollection[Measured]:
        """Measure, and merge what was measured."""
        measured = elements | "Count" >> beam.ParDo(self._step, self._given).with_output_types(Measured)
        return measured | "Merge" >> Merge(Measured, self._everywhere)
