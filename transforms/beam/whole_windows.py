"""Each window of a stream brought together, once and whole, when it ends: what comes later is in no release.

Batches wait in the engine's state until the watermark has passed the end of their window, and go on together. What comes then would
meet a label that was made without it: it is left out and counted, whatever lateness is allowed. To wait for longer would mean to
wait until the engine forgets the window, which some do before they tell that the time has come.

What is done with them is done by one worker, in one step. Where the records of a collection are shared among workers, these are
told by side inputs what was found and decided; in a stream there are better none, for Flink cannot keep those of steps in Python in
its checkpoints, to which it goes back when a worker dies.
"""

import logging
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.coders import BooleanCoder
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import BoundedWindow

from beam_deid.transforms.beam.coders import RecordBatchCoder
from beam_deid.transforms.beam.metrics import NAMESPACE

_LOG = logging.getLogger(__name__)
LATE = "late"
"""The counter of records that came after their window had ended."""


class WholeWindows(beam.PTransform):
    """Batches → the batches of each window as one list, in that window."""

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[list[pa.RecordBatch]]:
        """Hold them under one key, for a window is whole or not at all."""
        keyed = batches | "Key" >> beam.Map(_keyed).with_output_types(tuple[int, pa.RecordBatch])
        hold = beam.ParDo(_Hold())
        found = keyed | "Hold" >> hold.with_output_types(list[pa.RecordBatch], late=int).with_outputs(
            LATE, main="whole"
        )
        _ = found.late | "Count late" >> beam.ParDo(_CountLate())
        return found.whole


def _keyed(batch: pa.RecordBatch) -> tuple[int, pa.RecordBatch]:
    return 0, batch


_HELD = beam.DoFn.StateParam(BagStateSpec("held", RecordBatchCoder()))
_ENDED = beam.DoFn.StateParam(ReadModifyWriteStateSpec("ended", BooleanCoder()))
_END_SPEC = TimerSpec("end", TimeDomain.WATERMARK)
_END = beam.DoFn.TimerParam(_END_SPEC)


class _Hold(beam.DoFn):
    """Holds the batches of a window until it ends; how many records came later goes to ``late``."""

    def process(
        self,
        keyed: tuple[int, pa.RecordBatch],
        window: BoundedWindow = beam.DoFn.WindowParam,
        held: Any = _HELD,
        ended: Any = _ENDED,
        end: Any = _END,
    ) -> Iterator[Any]:
        _, batch = keyed
        if ended.read():
            yield TaggedOutput(LATE, batch.num_rows)
            return
        held.add(batch)
        end.set(window.max_timestamp())

    @on_timer(_END_SPEC)
    def end(self, held: Any = _HELD, ended: Any = _ENDED) -> Iterator[list[pa.RecordBatch]]:
        """Let all that came in time go on."""
        ended.write(True)
        batches = list(held.read())
        if batches:  # else the engine tells once more that the window has ended
            yield batches
        held.clear()


class _CountLate(beam.DoFn):
    """Counts late records, in a step of its own: not every engine tells what steps with state count."""

    def __init__(self) -> None:
        self._late = Metrics.counter(NAMESPACE, LATE)

    def process(self, records: int, window: BoundedWindow = beam.DoFn.WindowParam) -> None:
        self._late.inc(records)
        _LOG.warning("%d records came after their window had ended, and are in no release: %s", records, window)
