"""The facts of all parts to a run's outcome: the last step on the engine."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from beam_deid.transforms.decide.deciding import Decision
from beam_deid.transforms.publish.concluding import conclude
from beam_deid.transforms.publish.run_outcome import InputFacts
from beam_deid.transforms.release.releasing import RunFacts
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import guarded

WHERE = "proving"


class Prove(beam.DoFn):
    """Compare what was written with what was decided, and leave the outcome in staging."""

    def __init__(self, job: Job, staging: str) -> None:
        self._job = job
        self._staging = staging

    def process(
        self, facts: RunFacts, decision: Decision, assembled: Iterable[RunFacts], inputs: Iterable[InputFacts]
    ) -> Iterator[str]:
        """The end of a run; yields the path of the outcome."""
        PROGRESS.start(WHERE)
        whole = RunFacts.merge([facts, *assembled])
        yield guarded(WHERE, conclude, self._job, decision, whole, self._staging, sorted(inputs))
