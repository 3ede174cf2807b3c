"""The records' way: from what was read to what was released, each step less what it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass

from beam_deid.pipelines.report.charts.bars import Bar, BarChart, Tone, Unit
from beam_deid.pipelines.report.charts.words import shown


@dataclass(frozen=True)
class Step:
    """Records that are left out at one step.

    Attributes:
        words: What becomes of them, in English.
        records: How many there are.
    """

    words: str
    records: int


@dataclass(frozen=True)
class FlowChart:
    """The chart.

    Attributes:
        read: Records read.
        steps: What is left out of them, in order.
        released: Records released: what is left.
    """

    read: int
    steps: Sequence[Step]
    released: int

    def svg(self) -> str:
        """Draw it."""
        bars = [Bar(shown("Read"), f"{self.read:,}", self.read)]
        left = self.read
        for step in self.steps:
            figure = f"−{step.records:,}"
            bars.append(Bar(shown(step.words), figure, left, start=left - step.records, tone=Tone.LOST))
            left -= step.records
        bars.append(Bar(shown("Released"), f"{self.released:,}", self.released))
        told = shown("From above: the records that were read, what each step left out of them, and what was released.")
        return BarChart(shown("The records' way"), told, bars, max(self.read, 1), Unit.NUMBER).svg()
