"""The sink of a dry run: the engine stops once everything is decided, and what a run would publish is left for the driver."""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from beam_deid.transforms.beam.decide import Decider
from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.parts_sink import PartsDecider
from beam_deid.transforms.beam.release import ReleasedElements, Sides
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.publish.forecast import write_forecast
from beam_deid.transforms.release.outputs import Outputs
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.workers import guarded


class ForecastSink:
    """The decision, as a document in a folder of the driver's. No row is released, and nothing is kept for a register.

    Args:
        job: The run.
        folder: The folder.
    """

    def __init__(self, job: Job, folder: str) -> None:
        self.outputs: Outputs | None = None
        self.decider: Decider = PartsDecider("")
        self._job = job
        self._folder = folder

    def finish(
        self, released: ReleasedElements | None, decision: beam.PCollection[Decision], sides: Sides
    ) -> beam.PCollection:
        """The path of the document."""
        return decision | "Forecast" >> beam.ParDo(WriteForecast(self._job, self._folder))


class WriteForecast(beam.DoFn):
    """Writes down what a run would publish.

    Args:
        job: The run.
        folder: Where to.
    """

    where = "deciding"

    def __init__(self, job: Job, folder: str) -> None:
        self._job = job
        self._folder = folder

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return job_display(self._job)

    def process(self, decision: Decision) -> Iterator[str]:
        """Yields the path of the document."""
        yield guarded(self.where, write_forecast, self._job, decision, self._folder)
