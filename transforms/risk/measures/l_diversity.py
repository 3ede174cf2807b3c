"""l-diversity: how many values a sensitive field has in the poorest class, counted, by entropy, and recursively.

Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam: l-Diversity: privacy beyond k-anonymity (2007). Entropy and recursive
figures are those of pycanon, so that they can be compared: the first rounded down, the second with the rarest value's
count over that of the l-th rarest and all above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from beam_deid.transforms.risk.distribution import Distribution, Shares
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import CountPairs, Counts, Figures, Measure, View, by_field
from beam_deid.transforms.risk.per_class import entropies

_SOURCE = "Machanavajjhala et al.: l-Diversity (2007)"

_NEAR = 1e-6
"""Far more than sums are off by rounding."""


@dataclass(frozen=True)
class DiversityFigures(Figures):
    """l-diversity of the poorest class, by sensitive field.

    Attributes:
        l_distinct: Distinct values.
        l_entropy: Effective number of values, rounded down.
        l_recursive: c and l of recursive (c,l)-diversity; c is None where l is below 2.
    """

    l_distinct: Counts
    l_entropy: Counts
    l_recursive: CountPairs


class LDiversity(Measure):
    """How many values a sensitive field has in the poorest class."""

    name = "l_diversity"
    kind = DiversityFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "l_distinct": Meaning(
            meaning="Distinct values of a sensitive column in the group that has fewest",
            formula="min_j |{v : v ∈ j}|",
            source=_SOURCE,
            test="l",
        ),
        "l_entropy": Meaning(
            meaning="Effective number of values of a sensitive column in the poorest group, rounded down",
            formula="⌊min_j exp(−Σ q ln q)⌋",
            source=_SOURCE,
            test="l_entropy",
        ),
        "l_recursive": Meaning(
            meaning="How far a group's commonest value outweighs its rarer ones, as c and l; c is missing where l is below 2",
            formula="(c, l): r₁ < c · (r_l + … + r_m)",
            source=_SOURCE,
            test="l_commonest",
        ),
    }

    def figures(self, view: View) -> DiversityFigures:
        """Take the least figure over all classes, per sensitive field."""
        found = view.distributions
        return DiversityFigures(
            {name: min(one.least_distinct for one in each) for name, each in found.items()},
            {name: min(map(entropy_l, each)) for name, each in found.items()},
            {name: _worst([recursive_cl(one) for one in each]) for name, each in found.items()},
        )

    def merged(self, parts: Sequence[DiversityFigures], whole: View) -> DiversityFigures:
        """The least figures of all parts: every part knows how many values the poorest class of all has."""
        return DiversityFigures(
            {name: min(told) for name, told in by_field(parts, "l_distinct").items()},
            {name: min(told) for name, told in by_field(parts, "l_entropy").items()},
            {name: _worst(told) for name, told in by_field(parts, "l_recursive").items()},
        )


def entropy_l(found: Distribution) -> int:
    """Entropy l of the poorest class, rounded down; in floating point it may fall one short, never long."""
    values = float(np.exp(min(float(entropies(part).min()) for part in found.parts())))
    if abs(values - round(values)) > _NEAR or round(values) == 1:
        return max(int(values), 1)
    least = min(float(_entropies_in_order(part).min()) for part in found.parts())
    return int(np.exp(1) ** least)


def _entropies_in_order(found: Distribution) -> Shares:
    """The entropy of each class, shares added up from the least on: so its last digit does not depend on the values' order."""
    order = np.lexsort((found.pair_records, found.pair_class))
    share = found.share[order]
    return -found.summed(share * np.log(share))


def recursive_cl(found: Distribution) -> tuple[int | None, int]:
    """C and l of recursive (c,l)-diversity, where l is the distinct one; c is None where l is below 2."""
    least = found.least_distinct
    if least < 2:
        return None, least
    return max(_recursive_c(part, least) for part in found.parts()), least


def _worst(found: Sequence[tuple[int | None, int]]) -> tuple[int | None, int]:
    """Of several countings that of the least l, and of these the greatest c."""
    least = min(distinct for _, distinct in found)
    return max((c for c, distinct in found if distinct == least and c is not None), default=None), least


def _recursive_c(found: Distribution, least: int) -> int:
    order = np.lexsort((found.pair_records, found.pair_class))
    records = found.pair_records[order]  # within each class the rarest value first
    rarest = records[found.begins]
    place = np.arange(len(records)) - np.repeat(found.begins, found.sizes)
    above = found.summed(np.where(place >= least - 1, records, 0).astype(np.float64))
    return int(np.floor(rarest / above + 1).max())
