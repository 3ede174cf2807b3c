"""`RunSecret`: the key of a run's fingerprints, made while the pipeline runs."""

import apache_beam as beam

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.run.job import Given, Job


class RunSecret(beam.PTransform):
    """The begin of a pipeline → one `Given`, for all steps that take fingerprints or compare them; a side input of theirs.

    A pipeline's graph is written down, sent around and shown, so that the key must not stand in it: a worker makes it. It
    is made once, since the shuffle holds it: a step that is tried again has the same one. Where a register is kept there is
    none: fingerprints are made with the register's key, which lives long, and which each process fetches by itself
    (`Job.prints`).

    Args:
        job: The run; None where there is none, so that no register is kept.
    """

    def __init__(self, job: Job | None = None) -> None:
        super().__init__()
        self._is_registered = job is not None and job.register is not None

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Given]:
        """Make it."""
        return (
            begin
            | "Once" >> beam.Create([None], reshuffle=False)
            | "New" >> beam.Map(_made, self._is_registered).with_output_types(Given)
            | "Hold" >> beam.Reshuffle()
        )


def _made(_: None, is_registered: bool) -> Given:
    return Given(None if is_registered else FingerprintKey.new())
