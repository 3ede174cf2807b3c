"""How sensitive values spread over persons and groups: by lists and columns, never by a value."""

from collections.abc import Sequence
from dataclasses import dataclass

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.charts.bars import Bar, BarChart
from beam_deid.pipelines.report.charts.shares import scale_of
from beam_deid.pipelines.report.charts.words import shown


@dataclass(frozen=True)
class Spread:
    """Persons with sensitive values of one sort.

    Attributes:
        words: What sort, in English; a name of a column stays as it is.
        share: The share of all persons, from 0 to 1.
        largest: The greatest share of one group's persons; None where it was not measured.
    """

    words: str
    share: float
    largest: float | None = None


@dataclass(frozen=True)
class SensitiveChart:
    """The chart.

    Attributes:
        spreads: The sorts, from above.
    """

    spreads: Sequence[Spread]

    def svg(self) -> str:
        """Draw it."""
        bars = [Bar(shown(one.words), _figure(one), one.share, mark=one.largest) for one in self.spreads]
        told = shown(
            "Each bar is a share of all released persons; the mark is a share of the persons of one group, "
            "the greatest of any group."
        )
        most = scale_of(max(one.share, one.largest or 0.0) for one in self.spreads)
        return BarChart(shown("Persons with sensitive values"), told, bars, most).svg()


def _figure(one: Spread) -> str:
    if one.largest is None:
        return shown(f"{share(one.share)} of all")
    return shown(f"{share(one.share)} of all, at most {share(one.largest)} of a group")
