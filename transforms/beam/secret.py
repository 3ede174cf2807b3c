"""`RunSecret`: the key of a run's fingerprints, made while the pipeline runs."""

from typing import Any

import apache_beam as beam

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.run.job import Job


class RunSecret(beam.PTransform):
    """One `FingerprintKey`, for all steps that take fingerprints or compare them; pass it on as a singleton.

    A pipeline's graph is written down, sent around and shown, so that the key must not stand in it: a worker makes it. It
    is made once, since the shuffle holds it: a step that is tried again has the same one. Where a register is kept it is None:
    fingerprints are made with the register's key, which lives long, and which each process fetches by itself (`Job.prints`).

    Args:
        job: The run; None where there is none, so that no register is kept.
    """

    def __init__(self, job: Job | None = None) -> None:
        super().__init__()
        self._job = job

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[FingerprintKey]:
        """Make it."""
        return (
            begin
            | "Once" >> beam.Create([None], reshuffle=False)
            | "New" >> beam.Map(_key, self._job is not None and self._job.register is not None).with_output_types(Any)
            | "Hold" >> beam.Reshuffle()
        )


def _key(_: None, is_registered: bool) -> FingerprintKey | None:
    return None if is_registered else FingerprintKey.new()
