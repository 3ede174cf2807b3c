"""t-closeness: the greatest distance of a class's distribution of a sensitive field from that of the whole release.

Li, Li, Venkatasubramanian: t-Closeness: privacy beyond k-anonymity and l-diversity (2007).
"""

from typing import Any

from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.risk.measures.measure import Measure, View


class TCloseness(Measure):
    """``t{FIELD: t}``, with the distance that was asked for; equal distance if none was."""

    name = "t_closeness"

    def figures(self, view: View) -> dict[str, Any]:
        """The greatest distance over all classes, per sensitive field, from 0 to 1, over records."""
        distances = {name: scale.distance for name, scale in view.scales.items()}
        return {
            "t": {
                name: max(float(distances.get(name, equal_distance)(part).max()) for part in found.parts())
                for name, found in view.distributions.items()
            }
        }
