"""β-likeness and δ-disclosure privacy: how much likelier a sensitive value is in a class than in the whole release.

Cao, Karras: Publishing microdata with a robust privacy guarantee (2012), basic and enhanced β-likeness. Brickell,
Shmatikov: The cost of privacy (2008), δ-disclosure privacy, here with the natural logarithm.
"""

from typing import Any

import numpy as np

from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.measures.measure import Measure, View


class Likeness(Measure):
    """``beta_basic{FIELD: β}, beta_enhanced{FIELD: β}, delta_disclosure{FIELD: δ}``."""

    name = "likeness"

    def figures(self, view: View) -> dict[str, Any]:
        """The greatest figure over all classes and values, per sensitive field, over records."""
        found = view.distributions
        basic = {name: beta_basic(one) for name, one in found.items()}
        return {
            "beta_basic": basic,
            "beta_enhanced": {name: min(basic[name], float((-np.log(one.overall)).max())) for name, one in found.items()},
            "delta_disclosure": {name: delta_disclosure(one) for name, one in found.items()},
        }


def beta_basic(found: Distribution) -> float:
    """The greatest relative gain (q − p) / p of a value's share q in a class over its share p in all."""
    return max(float(part.lift.max()) for part in found.parts()) - 1.0


def delta_disclosure(found: Distribution) -> float:
    """The greatest |ln(q / p)| over the values that a class has."""
    ends = [(part.lift.max(), part.lift.min()) for part in found.parts()]
    return float(max(np.log(max(most for most, _ in ends)), -np.log(min(least for _, least in ends))))
