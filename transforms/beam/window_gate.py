"""Each window of an unbounded collection let through once, whole, when it ends: what comes later is in no release.

A record that comes late would meet the decision on its window, which was made without it: it would be released, and no label be
about it. So records wait in the engine's state until the watermark passes the end of their window, go on together, and whatever
comes then is left out and counted.
"""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import BooleanCoder
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import BoundedWindow

from beam_deid.transforms.beam.coders import ElementCoder
from beam_deid.transforms.beam.elements import kind_of
from beam_deid.transforms.beam.metrics import NAMESPACE
from beam_deid.transforms.run.workers import guarded

LATE = "late"
"""The counter of records that came after their window had ended."""


class WindowGate(beam.PTransform):
    """Elements → the same elements, those of a window all at its end; late ones are counted and left out."""

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Hold them under one key, for a window is whole or not at all."""
        keyed = elements | "Key" >> beam.Map(_keyed).with_output_types(tuple[int, Any])
        hold = beam.ParDo(_Hold()).with_output_types(elements.element_type, late=int)
        found = keyed | "Hold" >> hold.with_outputs(LATE, main="whole")
        _ = found.late | "Count late" >> beam.ParDo(_CountLate())
        return found.whole


def _keyed(element: Any) -> tuple[int, Any]:
    return 0, element


_HELD = beam.DoFn.StateParam(BagStateSpec("held", ElementCoder()))
_ENDED = beam.DoFn.StateParam(ReadModifyWriteStateSpec("ended", BooleanCoder()))
_END_SPEC = TimerSpec("end", TimeDomain.WATERMARK)
_END = beam.DoFn.TimerParam(_END_SPEC)


class _Hold(beam.DoFn):
    """Holds the elements of a window until it ends; how many records came later goes to ``late``."""

    def process(
        self,
        keyed: tuple[int, Any],
        window: BoundedWindow = beam.DoFn.WindowParam,
        held: Any = _HELD,
        ended: Any = _ENDED,
        end: Any = _END,
    ) -> Iterator[Any]:
        _, element = keyed
        if ended.read():
            yield TaggedOutput(LATE, guarded("Deidentify", _records, element))
            return
        held.add(element)
        end.set(window.max_timestamp())

    @on_timer(_END_SPEC)
    def end(self, held: Any = _HELD, ended: Any = _ENDED) -> Iterator[Any]:
        """Let all that came in time go on."""
        ended.write(True)
        yield from held.read()
        held.clear()


class _CountLate(beam.DoFn):
    """Counts late records, in a step of its own: not every engine tells what steps with state count."""

    def __init__(self) -> None:
        self._late = Metrics.counter(NAMESPACE, LATE)

    def process(self, records: int) -> None:
        self._late.inc(records)


def _records(element: Any) -> int:
    return int(element.num_rows) if kind_of(element).in_arrow else 1
