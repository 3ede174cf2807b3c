"""The sink of files: parts in staging, those that are shuffled put together from pieces, and the outcome of a run."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsIter, AsSingleton
from apache_beam.transforms.window import GlobalWindows

from beam_deid.transforms.beam.decide import Decider
from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.metrics import StepMetrics
from beam_deid.transforms.beam.release import ReleasedElements, Sides
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.publish.concluding import conclude
from beam_deid.transforms.publish.run_outcome import InputFacts
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.outputs import Outputs, ToParts
from beam_deid.transforms.release.pieces import Assembly, assemble
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Shared, Tasks, guarded

ASSEMBLING = "assembling"


class PartsDecider:
    """Decides a run on files. What is not as expected is told by the run, which publishes the rest.

    Args:
        staging: The staging folder, where fingerprints wait that the register will take.
    """

    def __init__(self, staging: str) -> None:
        self._staging = staging

    def decide(self, job: Job, measured: Measured, max_rejects: float, workers: int) -> Decision:
        """See `decide`."""
        return decide(job, measured, max_rejects, self._staging, workers)


class PartsSink:
    """Parts in staging.

    Args:
        job: The run.
        staging: The staging folder.
        workers: Processes of this machine that put parts together.
        inputs: An `InputFacts` for each input file.
    """

    def __init__(self, job: Job, staging: str, workers: int, inputs: beam.PCollection[InputFacts]) -> None:
        self.outputs: Outputs | None = ToParts(staging)
        self.decider: Decider = PartsDecider(staging)
        self._job = job
        self._staging = staging
        self._workers = workers
        self._inputs = inputs

    def finish(
        self, released: ReleasedElements | None, decision: beam.PCollection[Decision], sides: Sides
    ) -> beam.PCollection:
        """The path of the outcome, once all parts are whole and proved."""
        assert released is not None  # noqa: S101 - it has outputs
        facts = (released.facts, released.kept) | "Both reads" >> beam.Flatten() | "Merge" >> Merge(RunFacts)
        lots = decision | "Lots" >> beam.FlatMap(shuffled_lots, self._job) | "Spread" >> beam.Reshuffle()
        assembling = AssembleParts(self._job, self._staging, self._workers)
        assembled = lots | "Assemble" >> beam.ParDo(assembling, AsSingleton(facts), *sides)
        proving = Prove(self._job, self._staging)
        return facts | "Prove" >> beam.ParDo(proving, sides.decision, AsIter(assembled), AsIter(self._inputs))


def shuffled_lots(decision: Decision, job: Job) -> list[tuple[str, int]]:
    """The lots of parts that are to be put together: release and number."""
    shuffled = (one for one in decision.releases.values() if one.shuffled)
    return [(one.release, lot) for one in shuffled for lot in range(Cut.of(job, one).lots)]


class AssembleParts(beam.DoFn):
    """Puts together the parts of releases whose rows are shuffled.

    Args:
        job: The run.
        staging: The staging folder.
        workers: Processes of this machine that do so.
    """

    where = "releasing"

    def __init__(self, job: Job, staging: str, workers: int) -> None:
        self._job = job
        self._staging = staging
        self._workers = workers
        self._metrics = StepMetrics(ASSEMBLING)

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return {**job_display(self._job), "workers": self._workers}

    def start_bundle(self) -> None:
        """Begin a bundle of lots."""
        self._tasks = Tasks(self._workers, self.where)
        self._told: Shared[Assembly] | None = None

    def process(self, lot: tuple[str, int], released: RunFacts, given: Given, decision: Decision) -> Iterator[RunFacts]:
        """One lot; ``released`` is here because every piece must stand before any part is put together."""
        if self._told is None:  # once for all lots, for much follows from it
            attempts = {name: one.attempts for name, one in released.releases.items()}
            self._told = Shared(Assembly(self._job.given(given), decision.releases, self._staging, attempts))
            PROGRESS.start(ASSEMBLING, sum(one.records.released for one in decision.releases.values() if one.shuffled))
        for facts in self._tasks.submit(assemble, self._told, *lot):
            yield self._counted(facts)

    def finish_bundle(self) -> Iterator[Any]:
        """Whatever is still under way."""
        for facts in self._tasks.rest():
            yield GlobalWindows.windowed_value(self._counted(facts))

    def _counted(self, facts: RunFacts) -> RunFacts:
        self._metrics.count(facts.rows, 0, facts.nbytes)
        return facts


class Prove(beam.DoFn):
    """Compares what was written with what was decided, and leaves the outcome in staging.

    Args:
        job: The run.
        staging: The staging folder.
    """

    where = "proving"

    def __init__(self, job: Job, staging: str) -> None:
        self._job = job
        self._staging = staging
        self._metrics = StepMetrics(self.where)

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return job_display(self._job)

    def process(
        self, facts: RunFacts, decision: Decision, assembled: Iterable[RunFacts], inputs: Iterable[InputFacts]
    ) -> Iterator[str]:
        """The end of a run; yields the path of the outcome.

        Raises:
            InternalFault: The proof fails.
        """
        PROGRESS.start(self.where)
        whole = RunFacts.merge([facts, *assembled])
        self._metrics.count(whole.read, whole.rejected, whole.nbytes)
        yield guarded(self.where, conclude, self._job, decision, whole, self._staging, sorted(inputs))
