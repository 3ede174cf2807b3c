"""(α,k)-anonymity: the greatest share that one value of a sensitive field has in a class.

Wong, Li, Fu, Wang: (α,k)-Anonymity: an enhanced k-anonymity model for privacy-preserving data publishing (2006).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, NumberPairs, View, by_field
from beam_deid.transforms.risk.per_class import commonest_share


@dataclass(frozen=True)
class AlphaFigures(Figures):
    """The figures of `AlphaK`.

    Attributes:
        alpha_k: α from 0 to 1, over persons where there are any, and the least number of them in a class; by sensitive field.
    """

    alpha_k: NumberPairs


class AlphaK(Measure):
    """The greatest share that one value has in a class, with the size of the smallest class."""

    name = "alpha_k"
    kind = AlphaFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "alpha_k": Meaning(
            meaning="Greatest share of a group's persons who have the same sensitive value, and the persons of the smallest group",
            formula="α = max q; k = min f_j",
            source="Wong et al.: (α,k)-Anonymity (2006)",
            test="alpha",
        )
    }

    def figures(self, view: View) -> AlphaFigures:
        """Take the greatest share over all classes, per sensitive field."""
        least = view.sizes.least
        shares = {
            name: max(float(commonest_share(part).max()) for one in each for part in one.parts())
            for name, each in view.distributions.items()
        }
        return AlphaFigures({name: (share, least) for name, share in shares.items()})

    def merged(self, parts: Sequence[AlphaFigures], whole: View) -> AlphaFigures:
        """The greatest share of all parts."""
        least = whole.sizes.least
        told = by_field(parts, "alpha_k")
        return AlphaFigures({name: (max(share for share, _ in each), least) for name, each in told.items()})
