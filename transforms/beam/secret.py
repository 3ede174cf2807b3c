"""`RunSecret`: the key of a run's fingerprints, made while the pipeline runs."""

from dataclasses import replace

import apache_beam as beam

from beam_deid.transforms.clock import present
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.workers import guarded


class RunSecret(beam.PTransform):
    """The begin of a pipeline → one `Given`, for all steps that take fingerprints or compare them; a side input of theirs.

    A pipeline's graph is written down, sent around and shown, so that the key must not stand in it: a worker makes it. It
    is made once, since the shuffle holds it: a step that is tried again has the same one. Where a register is kept there is
    none: fingerprints are made with the register's key, which lives long, and which each process fetches by itself
    (`Job.prints`).

    With it goes who has consented to the releases that need it: ledgers are read under that key. Consent must be valid when they
    are read, if nobody says another time: between building a pipeline and running it somebody may withdraw.

    Args:
        job: The run; None where there is none.
        unmade: Whether its register is not there yet, and so has no key.
        folder: A private folder of this machine for sets of persons, removed with the run; one that goes with the worker's process
            if not given.
    """

    def __init__(self, job: Job | None = None, unmade: bool = False, folder: str = "") -> None:
        super().__init__()
        self._job = job
        self._is_registered = job is not None and job.register is not None and not unmade
        self._folder = folder

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Given]:
        """Make it."""
        return (
            begin
            | "Once" >> beam.Create([None], reshuffle=False)
            | "New" >> beam.Map(_made, self._is_registered).with_output_types(Given)
            | "Keep" >> beam.Reshuffle()
            | "Consent" >> beam.Map(_consented, self._job, self._folder).with_output_types(Given)
            | "Hold" >> beam.Reshuffle()
        )


def _consented(given: Given, job: Job | None, folder: str) -> Given:
    if job is None:
        return given
    given = replace(given, begun=job.begun or present())
    read = guarded("reading the ledger of consent", with_consents, job.given(given), folder)
    return replace(given, consents=read.consents)


def _made(_: None, is_registered: bool) -> Given:
    return Given(None if is_registered else FingerprintKey.new())
