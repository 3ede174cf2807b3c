"""(α,k)-anonymity: the greatest share that one value of a sensitive field has in a class.

Wong, Li, Fu, Wang: (α,k)-Anonymity: an enhanced k-anonymity model for privacy-preserving data publishing (2006).
"""

from typing import Any

from beam_deid.transforms.risk.measures.measure import Measure, View
from beam_deid.transforms.risk.per_class import commonest_share


class AlphaK(Measure):
    """``alpha_k{FIELD: [alpha, k]}``."""

    name = "alpha_k"

    def figures(self, view: View) -> dict[str, Any]:
        """α from 0 to 1, over persons where there are any, and the least number of them in a class."""
        least = int(view.classes.subjects.min())
        return {
            "alpha_k": {
                name: [max(float(commonest_share(part).max()) for one in each for part in one.parts()), least]
                for name, each in view.distributions.items()
            }
        }
