"""Whom sets of columns single out: a bar for each set."""

from collections.abc import Sequence
from dataclasses import dataclass

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.charts.bars import Bar, BarChart, Tone
from beam_deid.pipelines.report.charts.shares import scale_of
from beam_deid.pipelines.report.charts.words import shown


@dataclass(frozen=True)
class AttributeSet:
    """A set of columns.

    Attributes:
        fields: The columns.
        persons: Whom they single out.
        share: The same as a share of all, from 0 to 1.
    """

    fields: Sequence[str]
    persons: int
    share: float


@dataclass(frozen=True)
class AttributeSetsChart:
    """The chart.

    Attributes:
        sets: The sets, from above.
    """

    sets: Sequence[AttributeSet]

    def svg(self) -> str:
        """Draw it."""
        bars = [
            Bar(
                " + ".join(one.fields),
                shown(f"{one.persons:,} persons, {share(one.share)}"),
                one.share,
                tone=Tone.LOST,
            )
            for one in self.sets
        ]
        told = shown("Each bar is the share of the persons whom the columns above it single out together.")
        most = scale_of(one.share for one in self.sets)
        return BarChart(shown("Persons singled out by sets of columns"), told, bars, most).svg()
