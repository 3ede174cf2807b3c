"""A pass over the elements of a source, as Beam carries it out."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import BoundedWindow, GlobalWindow
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.metrics import StepMetrics
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Shared, Tasks, guarded, warm
from beam_deid.transforms.treat.given import typed_batch
from beam_deid.transforms.treat.passes import Pass, Work, pass_over

MakePass = Callable[[], Pass[Any]]


class Step(beam.DoFn):
    """Carries out a pass. A shard is a task of its own; the batches of a window are taken together, bundle by bundle.

    Subclasses have the ``process`` whose arguments Beam reads, and `_done`.

    Args:
        job: The run.
        source: What the elements are.
    """

    where: ClassVar[str]

    def __init__(self, job: Job, source: Source) -> None:
        self._job = job
        self._source = source
        self._metrics = StepMetrics(self.where)

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return {**job_display(self._job), "workers": self._source.workers}

    def setup(self) -> None:
        """Start the processes, or fetch the keys, once for all bundles: a worker that lacks one fails before it reads.

        Raises:
            KeyFault: A key cannot be had.
        """
        if self._source.workers > 1:
            warm(self._source.workers)
        else:
            guarded(self.where, self._job.check_keys)

    def start_bundle(self) -> None:
        """Nothing is done yet."""
        PROGRESS.start(self.where, reads=True)
        self._tasks = Tasks(self._source.workers, self.where)
        self._forget()

    def _forget(self) -> None:
        self._told: Shared[Pass[Any]] | None = None
        self._works: dict[BoundedWindow, tuple[Pass[Any], Work[Any]]] = {}

    def finish_bundle(self) -> Iterator[Any]:
        """Whatever is still under way, each in its own window."""
        for result in self._tasks.rest():
            yield from _in_window(self._done(result), GlobalWindow())
        for window, (_, work) in self._works.items():
            guarded(self.where, work.close)
            yield from _in_window(self._passed_on(work, 0), window)
            yield from _in_window(self._done(guarded(self.where, work.result)), window)
        self._forget()  # what holds keys, and all that was measured

    def _take(self, element: Any, make: MakePass, time: Timestamp, window: BoundedWindow) -> Iterator[Any]:
        """Take an element; what is ready to be passed on.

        Args:
            element: A shard, or a record batch.
            make: Makes the pass, once for all shards of a bundle, or for all batches of a window.
            time: The element's time.
            window: The element's window.
        """
        if self._source.in_shards:
            if self._told is None:
                self._told = Shared(make())
            for result in self._tasks.submit(pass_over, element, self._told):
                yield from self._done(result)
        else:
            work = guarded(self.where, self._add, element, make, time, window)
            yield from self._passed_on(work)

    def _add(self, batch: Any, make: MakePass, time: Timestamp, window: BoundedWindow) -> Work[Any]:
        """Add a batch to the work on its window."""
        if window not in self._works:
            begun = make()
            self._works[window] = (begun, begun.begin(None))
        one, work = self._works[window]
        work.add(typed_batch(one.job, batch, one.columns, time.micros))
        return work

    @abstractmethod
    def _done(self, result: Any) -> Iterator[Any]:
        """What to give out of a result of the pass."""

    def _passed_on(self, work: Any, least: int | None = None) -> Iterator[Any]:
        """What to give out of a work that is under way, if there are at least so many rows: nothing, if not said otherwise."""
        return iter(())


def _in_window(values: Iterator[Any], window: BoundedWindow) -> Iterator[Any]:
    for value in values:
        if isinstance(value, TaggedOutput):
            yield TaggedOutput(value.tag, at_end(value.value, window))
        else:
            yield at_end(value, window)
