"""(α,k)-anonymity: the greatest share that one value of a sensitive field has in a class.

Wong, Li, Fu, Wang: (α,k)-Anonymity: an enhanced k-anonymity model for privacy-preserving data publishing (2006).
"""

from typing import Any

from beam_deid.transforms.risk.measures.measure import Measure, View


class AlphaK(Measure):
    """``alpha_k{FIELD: [alpha, k]}``."""

    name = "alpha_k"

    def figures(self, view: View) -> dict[str, Any]:
        """α from 0 to 1, over records, and the least number of subjects in a class."""
        least = int(view.classes.subjects.min())
        return {
            "alpha_k": {
                name: [max(float(part.share.max()) for part in found.parts()), least]
                for name, found in view.distributions.items()
            }
        }
