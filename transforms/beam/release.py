"""The second pass: elements of a source, treated as was decided, to the facts of what was released, and rows on their way."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.typehints.decorators import no_annotations
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.beam.step import Step
from beam_deid.transforms.beam.told import Rejected
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.outputs import Outputs
from beam_deid.transforms.release.releasing import ReleasePass, Releasing
from beam_deid.transforms.run.job import BATCH_ROWS, Given, Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import guarded


class ReleaseElements(Step):
    """Releases the elements of a source. Its main output are facts; rows and rejects of a collection are beside them.

    Args:
        job: The run.
        source: What the elements are.
        outputs: Where released rows go.
    """

    where = "releasing"

    def __init__(self, job: Job, source: Source, outputs: Outputs) -> None:
        super().__init__(job, source)
        self._outputs = outputs

    def process(
        self,
        element: Any,
        given: Given,
        decision: Decision,
        time: Timestamp = beam.DoFn.TimestampParam,
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """One element. A refused run releases nothing, and what the first read released is not released again."""
        if decision.left:
            yield from self._take(element, lambda: self._pass(given, decision.left), time, window)

    def _pass(self, given: Given, left: Mapping[str, ReleaseDecision]) -> ReleasePass:
        return ReleasePass(self._job.given(given), left, self._outputs)

    def _done(self, result: RunFacts) -> Iterator[RunFacts]:
        PROGRESS.add_shard()
        self._metrics.count(result.read, result.rejected, result.nbytes)
        yield result

    def _passed_on(self, work: Releasing, least: int | None = None) -> Iterator[TaggedOutput]:
        for _, row, field, reason, _ in work.rejects():
            yield TaggedOutput("rejected", Rejected(row, field, reason))
        for piece in guarded(self.where, work.take, BATCH_ROWS if least is None else least):
            yield TaggedOutput("as_they_came", piece.batch) if piece.part is None else TaggedOutput("by_part", piece)


class ReleasedElements(NamedTuple):
    """What the second pass gives.

    Attributes:
        facts: `RunFacts` of every shard or bundle.
        as_they_came: Released rows of a collection, as batches; of files nothing.
        by_part: Rows of a collection that are to be shuffled, a `Piece` each; of files nothing.
        rejected: A `Rejected` for each value of a collection that could not be treated; of files nothing.
        kept: `RunFacts` of what the first pass released already.
    """

    facts: beam.PCollection
    as_they_came: beam.PCollection
    by_part: beam.PCollection
    rejected: beam.PCollection
    kept: beam.PCollection


class Sides(NamedTuple):
    """What the second pass and the last steps are told beside the rows, as side inputs.

    Attributes:
        given: What is known of the run only while it runs.
        decision: The decision.
    """

    given: AsSingleton
    decision: AsSingleton


class Release(beam.PTransform):
    """Elements → `ReleasedElements`.

    Args:
        job: The run.
        source: What the elements are.
        outputs: Where released rows go.
        sides: What it is told beside the elements.
        kept: What the first pass released already, for each window.
    """

    def __init__(self, job: Job, source: Source, outputs: Outputs, sides: Sides, kept: beam.PCollection) -> None:
        super().__init__()
        self._kept = kept
        self._step = ReleaseElements(job, source, outputs)
        self._sides = sides

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, elements: beam.PCollection) -> ReleasedElements:
        """Treat and write, or pass on."""
        step = beam.ParDo(self._step, *self._sides).with_output_types(
            RunFacts, as_they_came=pa.RecordBatch, by_part=tuple[int, pa.RecordBatch], rejected=Rejected
        )
        released = elements | "Treat" >> step.with_outputs("as_they_came", "by_part", "rejected", main="facts")
        return ReleasedElements(released.facts, released.as_they_came, released.by_part, released.rejected, self._kept)
