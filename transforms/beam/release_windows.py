"""Each window of a stream released by one worker, in one step: see `whole_windows`."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.typehints.decorators import no_annotations

from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.elements import WHERE
from beam_deid.transforms.beam.metrics import OutcomeMetrics, StepMetrics
from beam_deid.transforms.beam.told import Rejected, ReleaseLabel
from beam_deid.transforms.beam.whole_windows import WholeWindows
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.frames.releasing import How, ReleasedTable, release_batches
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.run.workers import guarded

WholeRelease = tuple[ReleaseLabel, pa.Table]
"""A window's label, and all of its released rows."""

_STEPS = ("measuring", "deciding", "releasing", "proving")


class ReleasedWindows(NamedTuple):
    """What there is of the windows of a stream, each in that window and at its end.

    Attributes:
        rows: Released batches, all of which are proved.
        rejected: A `Rejected` for each value that could not be treated.
        label: One `ReleaseLabel` for each window.
        whole: Both together, one `WholeRelease` for each window.
    """

    rows: beam.PCollection
    rejected: beam.PCollection
    label: beam.PCollection
    whole: beam.PCollection


class ReleaseWindows(beam.PTransform):
    """Batches → `ReleasedWindows`.

    Args:
        job: The run, which makes one release.
        condition: Under what further condition every label holds.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.
    """

    def __init__(self, job: Job, condition: str, max_rejects: float, complete: bool) -> None:
        super().__init__()
        self._step = ReleaseWindow(job, How(max_rejects, condition=condition, where=WHERE), complete)

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> ReleasedWindows:
        """Bring a window together, and release it."""
        step = beam.ParDo(self._step).with_output_types(
            pa.RecordBatch, rejected=Rejected, label=ReleaseLabel, whole=WholeRelease
        )
        released = (
            batches
            | "Windows" >> WholeWindows()
            | "Decide" >> step.with_outputs("rejected", "label", "whole", main="rows")
        )
        return ReleasedWindows(released.rows, released.rejected, released.label, released.whole)


class ReleaseWindow(beam.DoFn):
    """Releases a window. The worker holds its records, and what is released of them, until the label is proved.

    Args:
        job: The run.
        how: How.
        complete: Whether each batch must have every column.
    """

    def __init__(self, job: Job, how: How, complete: bool) -> None:
        self._job = job
        self._how = how
        self._complete = complete
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

    def process(self, batches: list[pa.RecordBatch], window: BoundedWindow = beam.DoFn.WindowParam) -> Iterator[Any]:
        """One window: nothing is given out before all of it is proved."""
        released = guarded("releasing", release_batches, batches, self._job, self._how, self._complete)
        label = ReleaseLabel.of(released.label.to_document())
        self._count(released, label)
        for _, row, field, reason, _ in released.rejects:
            yield TaggedOutput("rejected", at_end(Rejected(row, field, reason), window))
        for batch in released.rows.to_batches(BATCH_ROWS):
            yield at_end(batch, window)
        yield TaggedOutput("label", at_end(label, window))
        yield TaggedOutput("whole", at_end((label, released.rows), window))

    def _count(self, released: ReleasedTable, label: ReleaseLabel) -> None:
        self._outcomes.count(label)
        for step in self._steps:
            step.count(label.read, label.rejected, released.nbytes)
