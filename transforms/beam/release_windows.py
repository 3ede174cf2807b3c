"""Each window of an unbounded collection released by one worker, in one step, when it ends.

The engine that shares a collection among workers tells them by side inputs what was found and decided. In a stream there are
better none: Flink goes back to a checkpoint when a worker dies, and cannot write down side inputs of steps in Python. So the
batches of a window come together by a shuffle, which every engine knows how to repeat, and rows, rejects and label leave together.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import BoundedWindow

from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.elements import WHERE
from beam_deid.transforms.beam.metrics import OutcomeMetrics, StepMetrics
from beam_deid.transforms.beam.rows_sink import ProvedRows
from beam_deid.transforms.beam.told import Rejected, ReleaseLabel
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.frames.releasing import How, ReleasedTable, release_batches
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.run.workers import guarded

_STEPS = ("measuring", "deciding", "releasing", "proving")


class ReleaseWindows(beam.PTransform):
    """Batches → `ProvedRows`, each window's in that window and at its end.

    Args:
        job: The run, which makes one release.
        condition: Under what further condition every label holds.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.
    """

    def __init__(self, job: Job, condition: str, max_rejects: float, complete: bool) -> None:
        super().__init__()
        self._step = ReleaseWindow(job, How(max_rejects, condition=condition, complete=complete, where=WHERE))

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> Any:
        """Bring a window together, and release it."""
        step = beam.ParDo(self._step).with_output_types(pa.RecordBatch, rejected=Rejected, label=ReleaseLabel)
        released = (
            batches
            | "Key" >> beam.Map(keyed).with_output_types(tuple[int, pa.RecordBatch])
            | "Together" >> beam.GroupByKey()
            | "Decide" >> step.with_outputs("rejected", "label", main="rows")
        )
        return ProvedRows(released.rows, released.rejected, released.label)


def keyed(one: Any) -> tuple[int, Any]:
    """Something under the one key that all of a window has."""
    return 0, one


class ReleaseWindow(beam.DoFn):
    """Releases a window. The worker holds its records, and what is released of them, until the label is proved.

    Args:
        job: The run.
        how: How.
    """

    def __init__(self, job: Job, how: How) -> None:
        self._job = job
        self._how = how
        self._steps = [StepMetrics(step) for step in _STEPS]
        self._outcomes = OutcomeMetrics()

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return {**job_display(self._job), "max_rejects": self._how.max_rejects}

    def setup(self) -> None:
        """Fetch the keys: a worker that lacks one fails before it reads.

        Raises:
            KeyFault: A key cannot be had.
        """
        guarded("releasing", self._job.check_keys)

    def process(
        self, together: tuple[int, Iterable[pa.RecordBatch]], window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        """One window: nothing is given out before all of it is proved."""
        released = guarded("releasing", release_batches, together[1], self._job, self._how)
        label = ReleaseLabel.of(released.label.to_document())
        self._count(released, label)
        for _, row, field, reason, _ in released.rejects:
            yield TaggedOutput("rejected", at_end(Rejected(row, field, reason), window))
        for batch in released.rows.to_batches(BATCH_ROWS):
            yield at_end(batch, window)
        yield TaggedOutput("label", at_end(label, window))

    def _count(self, released: ReleasedTable, label: ReleaseLabel) -> None:
        self._outcomes.count(label)
        for step in self._steps:
            step.count(label.read, label.rejected, released.nbytes)
