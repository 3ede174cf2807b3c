"""`RunSecret`: the key of a run's fingerprints, made or fetched while the pipeline runs."""

import apache_beam as beam

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.workers import guarded


class RunSecret(beam.PTransform):
    """One `FingerprintKey`, for all steps that take fingerprints or compare them; pass it on as a singleton.

    A pipeline's graph is written down, sent around and shown, so that the key must not stand in it: a worker makes it, or
    fetches the register's, so that fingerprints are those of earlier runs. That is done once, since the shuffle holds it: a step
    that is tried again has the same one.

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
            | "New" >> beam.Map(_key, self._job).with_output_types(FingerprintKey)
            | "Hold" >> beam.Reshuffle()
        )


def _key(_: None, job: Job | None) -> FingerprintKey:
    if job is None or job.register is None:
        return FingerprintKey.new()
    return guarded("register", register_prints, job.keys, job.register)
