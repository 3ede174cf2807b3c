"""Line 4: every group has several values of every sensitive column.

Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam: l-Diversity: privacy beyond k-anonymity (2007). Null is no value, and values
that differ in spelling only, or that the policy calls the same, are one.
"""

from collections.abc import Iterator

import numpy as np

from beam_deid.transforms.label.options import Diversities, Diversity, Option
from beam_deid.transforms.label.requirements.requirement import (
    Broken,
    Compare,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.inference import distinct_values
from beam_deid.transforms.search.requirements import Criterion

LEAST_L = 2
L = Option[Diversity](
    "l", Diversities, "Least number of values of a sensitive field in each group: distinct ones, or by entropy"
)


class Distinct(Requirement):
    """Every group around a sensitive column has at least l values of it."""

    name = "l"
    target = "FIELD"
    option = L
    example = "l: {category: 3}"
    line = 4
    default = Default.always(LEAST_L, "ours: with one value every member of a group has it")
    compare = Compare.AT_LEAST
    words = "distinct values of a sensitive column in the poorest group; nulls and other spellings do not count"
    remedy = (
        "Coarsen the columns around the sensitive one, so that groups are larger, or generalize the sensitive one less."
    )
    suppresses = True
    by_group = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each sensitive column."""
        for name in scope.sensitive:
            asked = L.of_field(scope.asked, name)
            least = max(LEAST_L, (asked.distinct if asked else None) or LEAST_L)
            yield self._test(least, scope.around(name), f"distinct values of {name} in the poorest group", name)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Values of the poorest group."""
        missing = unmeasured(seen)
        if missing:
            return missing
        found = distinct_values(seen.group_values(test.target))
        return Figure(int(found.min()), "distinct values in the poorest group")

    def broken(self, test: Planned, seen: Seen) -> Broken | None:
        """Groups with fewer."""
        few = distinct_values(seen.group_values(test.target)) < test.limit
        return Broken(test.columns, np.asarray(few)) if few.any() else None

    def criterion(self, test: Planned, scale: Scale | None) -> Criterion | None:
        """Ask for l distinct values in each class; a class that has too few has parts that have too few as well."""
        return Criterion(test.name, test.target, per_class.distinct_values, test.limit, at_least=True, inherited=True)
