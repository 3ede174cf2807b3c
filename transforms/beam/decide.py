"""One `Measured` to one `Decision`."""

from typing import Any, Protocol

import apache_beam as beam

from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.metrics import StepMetrics
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import guarded

WHERE = "deciding"


class Decider(Protocol):
    """How a sink has its releases decided."""

    def decide(self, job: Job, measured: Measured, max_rejects: float) -> Decision:
        """The decision, if it is one that the sink can act on."""
        ...


class Decide(beam.DoFn):
    """Chooses levels and suppressed classes, and decides the labels.

    Args:
        job: The run.
        decider: The sink's part of it.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
    """

    def __init__(self, job: Job, decider: Decider, max_rejects: float) -> None:
        self._job = job
        self._decider = decider
        self._max_rejects = max_rejects
        self._metrics = StepMetrics(WHERE)

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return {**job_display(self._job), "max_rejects": self._max_rejects}

    def process(self, measured: Measured, given: Given) -> list[Decision]:
        """The decision."""
        PROGRESS.start(WHERE)
        self._metrics.count(measured.read, measured.rejected, measured.nbytes)
        return [guarded(WHERE, self._decider.decide, self._job.given(given), measured, self._max_rejects)]
