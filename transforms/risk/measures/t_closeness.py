"""t-closeness: the greatest distance of a class's distribution of a sensitive field from that of the whole release.

Li, Li, Venkatasubramanian: t-Closeness: privacy beyond k-anonymity and l-diversity (2007).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, Shares, View, by_field


@dataclass(frozen=True)
class ClosenessFigures(Figures):
    """The figures of `TCloseness`.

    Attributes:
        t: The greatest distance over all classes, by sensitive field, from 0 to 1.
    """

    t: Shares


class TCloseness(Measure):
    """t-closeness with the distance that was asked for; equal distance if none was."""

    name = "t_closeness"
    kind = ClosenessFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "t": Meaning(
            meaning="Greatest distance of a group's distribution of a sensitive column from the release's, from 0 to 1",
            formula="t = max_j d(Q_j, P)",
            source="Li, Li, Venkatasubramanian: t-Closeness (2007)",
            test="t",
        )
    }

    def figures(self, view: View) -> ClosenessFigures:
        """Take the greatest distance over all classes, per sensitive field."""
        return ClosenessFigures({name: self._distance(view, name, each) for name, each in view.as_written.items()})

    @staticmethod
    def _distance(view: View, name: str, each: Iterable[Distribution]) -> float:
        distance = view.scales[name].distance if name in view.scales else equal_distance
        return max(float(distance(part).max()) for one in each for part in one.parts())

    def merged(self, parts: Sequence[ClosenessFigures], whole: View) -> ClosenessFigures:
        """The greatest distance of all parts."""
        return ClosenessFigures({name: max(told) for name, told in by_field(parts, "t").items()})
