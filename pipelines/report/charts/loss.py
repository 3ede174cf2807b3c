"""What coarsening loses of each field, and of all together."""

from collections.abc import Mapping
from dataclasses import dataclass

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.charts.bars import Bar, BarChart, Tone
from beam_deid.pipelines.report.charts.words import shown


@dataclass(frozen=True)
class LossChart:
    """The chart.

    Attributes:
        losses: The information that each field loses, from 0 to 1.
        levels: The level that each of them is released at; a field may be missing.
        together: The loss of the release by the same measure; None where it was measured otherwise.
    """

    losses: Mapping[str, float]
    levels: Mapping[str, str]
    together: float | None

    def svg(self) -> str:
        """Draw it."""
        bars = [Bar(self._words(name), share(loss), loss) for name, loss in self.losses.items()]
        if self.together is not None:
            bars.append(Bar(shown("All these fields together"), share(self.together), self.together, tone=Tone.LOST))
        told = shown("Each bar is the share of a field's information that is lost; what is suppressed counts as lost.")
        return BarChart(shown("Information lost"), told, bars, 1.0).svg()

    def _words(self, name: str) -> str:
        level = self.levels.get(name)
        return name if level is None else f"{name}: {level}"
