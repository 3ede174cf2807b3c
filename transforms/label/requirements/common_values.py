"""Line 8: the values that a record's groups in two releases have in common are several."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.distinct import LEAST_L
from beam_deid.transforms.label.requirements.requirement import (
    Compare,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import EVERY, Scope


class CommonValues(Requirement):
    """Of a sensitive column that two releases hold, a record's two groups have at least l values in common."""

    name = "common_values"
    target = "RELEASE:FIELD"
    line = 8
    default = Default.always(LEAST_L, "as line 4; the intersection attack of Ganta, Kasiviswanathan, Smith (2008)")
    compare = Compare.AT_LEAST
    words = "fewest values of a sensitive column that a record's groups in two releases have in common"
    remedy = "As for composition: the same levels, or a coarser sensitive column."

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each sensitive column with each sibling release."""
        for name, sibling in scope.siblings.items():
            for column in sibling.sensitive:
                others = "in all releases of the run" if name == EVERY else f"here and in {name}"
                said = f"fewest values of {column} that a record's groups {others} have in common"
                least = max(sibling.l[column], self.limit(scope))
                yield self._test(least, scope.around(column), said, f"{name}:{column}", parameter=(name, column))

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The fewest values."""
        missing = unmeasured(seen)
        if missing:
            return missing
        sibling, column = test.parameter
        found = seen.found.compositions.get(sibling)
        if found is None or column not in found.values:
            return Figure(
                None, found.reason if found else f"what {sibling} and this release say together was not measured"
            )
        return Figure(found.values[column], "values in common, of the record that has fewest")
