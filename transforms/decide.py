"""One `Measured` to one `Decision`."""

import apache_beam as beam

from beam_deid.transforms.progress import PROGRESS
from beam_deid.transforms.records.deciding import Decision, decide
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.measuring import Measured
from beam_deid.transforms.workers import guarded

WHERE = "deciding"


class Decide(beam.DoFn):
    """Choose levels and suppressed classes, and decide the labels."""

    def __init__(self, job: Job, max_rejects: float) -> None:
        self._job, self._max_rejects = job, max_rejects

    def process(self, measured: Measured) -> list[Decision]:
        """The decision."""
        PROGRESS.start(WHERE)
        return [guarded(WHERE, decide, self._job, measured, self._max_rejects)]
