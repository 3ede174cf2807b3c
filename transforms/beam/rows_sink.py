"""The sink of a collection: rows in an order that follows from their values, which leave only once they are proved.

What leaves is made anew: rows ordered by their values, batches of a size of their own, and one time for all. The batches that came
in, their order and their times belong to the source: whoever knows it would know whose a row is.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.decide import Decider
from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.metrics import OutcomeMetrics, StepMetrics
from beam_deid.transforms.beam.release import ReleasedElements, Sides
from beam_deid.transforms.beam.told import ReleaseLabel
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.publish.concluding import label_manifest
from beam_deid.transforms.publish.embedded_decision import StrictDecider
from beam_deid.transforms.release.arranging import arranged_part
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.outputs import Outputs, ToCollection
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.workers import guarded


class ProvedRows(NamedTuple):
    """What a collection's sink gives.

    Attributes:
        rows: Released batches, all of which are proved.
        rejected: A `Rejected` for each value that could not be treated.
        label: One `ReleaseLabel` for each window.
    """

    rows: beam.PCollection
    rejected: beam.PCollection
    label: beam.PCollection


class RowsSink:
    """A collection of released batches.

    Args:
        job: The run, which makes one release.
        condition: Under what further condition every label holds.
        everywhere: Whether no records are a release, too.
    """

    def __init__(self, job: Job, condition: str, everywhere: bool) -> None:
        self.outputs: Outputs | None = ToCollection()
        self.decider: Decider = StrictDecider(condition)
        self._job = job
        self._everywhere = everywhere

    def finish(
        self, released: ReleasedElements | None, decision: beam.PCollection[Decision], sides: Sides
    ) -> ProvedRows:
        """Shuffle rows, prove all that was done, and only then let them leave."""
        assert released is not None  # noqa: S101 - it has outputs
        arrange = beam.ParDo(Arrange(self._job), *sides).with_output_types(pa.RecordBatch, facts=RunFacts)
        parts = released.by_part | "By part" >> beam.GroupByKey()
        arranged_rows = parts | "Arrange" >> arrange.with_outputs("facts", main="rows")
        facts = (released.facts, arranged_rows.facts) | "Facts" >> beam.Flatten()
        label = (
            facts
            | "Sum" >> Merge(RunFacts, self._everywhere)
            | "Prove" >> beam.ParDo(ProveRelease(self._job), sides.decision).with_output_types(ReleaseLabel)
        )
        rows = (
            (released.as_they_came, arranged_rows.rows)
            | "Rows" >> beam.Flatten()
            | "Leave" >> beam.ParDo(Leave(), AsSingleton(label)).with_output_types(pa.RecordBatch)
        )
        return ProvedRows(rows, released.rejected, label)


class Arrange(beam.DoFn):
    """Puts the rows of a part into an order that follows from their values; the facts of it go to ``facts``."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._metrics = StepMetrics("assembling")

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return job_display(self._job)

    def start_bundle(self) -> None:
        """Begin a bundle of parts, of any windows."""
        self._here: tuple[Given, Job] | None = None

    def process(self, part: tuple[int, Iterable[pa.RecordBatch]], given: Given, decision: Decision) -> Iterator[Any]:
        """One part, which is held in memory."""
        if self._here is None or self._here[0] is not given:
            self._here = (given, self._job.given(given))  # once for all parts of a window, for much follows from it
        batches, facts = guarded("releasing", self._arranged, self._here[1], part[1], decision)
        self._metrics.count(sum(batch.num_rows for batch in batches), 0, sum(batch.nbytes for batch in batches))
        yield TaggedOutput("facts", facts)
        yield from batches

    def _arranged(
        self, job: Job, given: Iterable[pa.RecordBatch], decision: Decision
    ) -> tuple[list[pa.RecordBatch], RunFacts]:
        (release,) = job.releases
        batches, facts = arranged_part(job, decision.releases[release], list(given))
        return batches, RunFacts({release: facts})


class ProveRelease(beam.DoFn):
    """Compares what was done with what was decided; the label follows."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._metrics = StepMetrics("proving")
        self._outcomes = OutcomeMetrics()

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return job_display(self._job)

    def process(
        self, facts: RunFacts, decision: Decision, window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """The label.

        Raises:
            InternalFault: The proof fails.
        """
        self._metrics.count(facts.read, facts.rejected, facts.nbytes)
        label = guarded("proving", self._label, facts, decision)
        self._outcomes.count(label)
        yield at_end(label, window)

    def _label(self, facts: RunFacts, decision: Decision) -> ReleaseLabel:
        (release,) = self._job.releases
        decided = decision.releases[release]
        done = facts.releases.get(release, PartFacts())
        prove(decided, done, in_files=False)
        return ReleaseLabel.of(label_manifest(self._job, decided, done).to_document())


class Leave(beam.DoFn):
    """Lets batches go, which there is a proof for, all at the end of their window."""

    def process(
        self, batch: pa.RecordBatch, proof: ReleaseLabel, window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """One batch; ``proof`` is here because there is none unless all that was released is what was decided."""
        yield at_end(batch, window)
