"""β-likeness and δ-disclosure privacy: how much likelier a sensitive value is in a class than in the whole release.

Cao, Karras: Publishing microdata with a robust privacy guarantee (2012), basic and enhanced β-likeness. Brickell,
Shmatikov: The cost of privacy (2008), δ-disclosure privacy, here with the natural logarithm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, NumbersByField, View, by_field
from beam_deid.transforms.risk.per_class import basic_gain, greatest_log_ratio

_SOURCE = "Cao, Karras: β-likeness (2012)"


@dataclass(frozen=True)
class LikenessFigures(Figures):
    """How much likelier a value is in a class than in the release, by sensitive field.

    Attributes:
        beta_basic: The greatest relative gain; 0 where no value gains anywhere.
        beta_enhanced: The same, for rare values no more than the logarithm of their share allows.
        delta_disclosure: The greatest |ln| of a value's share in a class over that in the release.
    """

    beta_basic: NumbersByField
    beta_enhanced: NumbersByField
    delta_disclosure: NumbersByField


class Likeness(Measure):
    """β-likeness and δ-disclosure privacy."""

    name = "likeness"
    kind = LikenessFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "beta_basic": Meaning(
            meaning="By how much a sensitive value is likelier in a group than in the whole release, at most; 1 is twice as likely",
            formula="β = max (q − p)/p, q > p",
            source=_SOURCE,
            test="beta",
        ),
        "beta_enhanced": Meaning(
            meaning="The same, but no more than the rarity of the rarest value allows",
            formula="β = min(max (q − p)/p, −ln min p)",
            source=_SOURCE,
            test="beta",
        ),
        "delta_disclosure": Meaning(
            meaning="How much likelier or less likely a sensitive value is in a group than in the whole release, at most, as a "
            "logarithm; 0.69 is twice or half as likely",
            formula="δ = max |ln(q/p)|",
            source="Brickell, Shmatikov: δ-disclosure privacy (2008)",
            test="delta",
        ),
    }

    def figures(self, view: View) -> LikenessFigures:
        """Take the greatest figure over all classes and values, per sensitive field."""
        found = view.distributions
        basic = {name: max(map(beta_basic, each)) for name, each in found.items()}
        rarest = {name: max(-float(np.log(one.rarest)) for one in each) for name, each in found.items()}
        return LikenessFigures(
            basic,
            {name: min(basic[name], rarest[name]) for name in found},
            {name: max(map(delta_disclosure, each)) for name, each in found.items()},
        )

    def merged(self, parts: Sequence[LikenessFigures], whole: View) -> LikenessFigures:
        """The greatest figures of all parts: every part knows how rare the rarest value of all is."""
        names = ("beta_basic", "beta_enhanced", "delta_disclosure")
        greatest = ({field: max(told) for field, told in by_field(parts, name).items()} for name in names)
        return LikenessFigures(*greatest)


def beta_basic(found: Distribution) -> float:
    """The greatest relative gain (q − p) / p, where q > p, of a value's share q in a class over its share p in all."""
    return max(float(basic_gain(part).max()) for part in found.parts())


def delta_disclosure(found: Distribution) -> float:
    """The greatest |ln(q / p)| over the values that a class has."""
    return max(float(greatest_log_ratio(part).max()) for part in found.parts())
