"""t-closeness: the greatest distance of a class's distribution of a sensitive field from that of the whole release.

Li, Li, Venkatasubramanian: t-Closeness: privacy beyond k-anonymity and l-diversity (2007).
"""

from typing import Any

import numpy as np

from beam_deid.transforms.risk.distribution import Distribution, Shares
from beam_deid.transforms.risk.measures.measure import Measure, View


class TCloseness(Measure):
    """``t{FIELD: t}``, with equal distance."""

    name = "t_closeness"

    def figures(self, view: View) -> dict[str, Any]:
        """The greatest distance over all classes, per sensitive field, from 0 to 1, over records."""
        return {"t": {name: float(equal_distance(found).max()) for name, found in view.distributions.items()}}


def equal_distance(found: Distribution) -> Shares:
    """Half the sum of absolute differences (total variation) of each class, shape (classes,)."""
    there = found.overall[found.pair_value]
    # Values absent from a class differ by their whole share: 1 − Σ of the shares of those present.
    return np.asarray((found.summed(np.abs(found.share - there)) + 1.0 - found.summed(there)) / 2)
