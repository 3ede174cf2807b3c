"""One `Measured` to one `Decision`."""

from dataclasses import replace

import apache_beam as beam

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.deciding import decide
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import guarded

WHERE = "deciding"


class Decide(beam.DoFn):
    """Choose levels and suppressed classes, and decide the labels."""

    def __init__(self, job: Job, max_rejects: float, staging: str) -> None:
        self._job = job
        self._max_rejects = max_rejects
        self._staging = staging

    def process(self, measured: Measured, key: FingerprintKey) -> list[Decision]:
        """The decision."""
        PROGRESS.start(WHERE)
        job = replace(self._job, fingerprint_key=key)
        return [guarded(WHERE, decide, job, measured, self._max_rejects, self._staging)]
