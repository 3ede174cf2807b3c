"""Line 3: where rows of one person can be linked, all of them are one composite value."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.persons import LEAST_K, K
from beam_deid.transforms.label.requirements.requirement import (
    Compare,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes


class Composite(Requirement):
    """Where a pseudonym links a person's rows, at least k persons share all their groups."""

    name = "k_composite"
    line = 3
    option = K
    example = "k: 25"
    default = Default(LEAST_K, "as k; the composite is Google's Sensitive Data Protection's k with an entity id")
    compare = Compare.AT_LEAST
    words = "where a pseudonym links a person's rows: persons whose rows are all in the same groups"
    remedy = "Leave out the pseudonym that links a person's rows, or coarsen until histories are alike."
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, where rows can be linked."""
        if scope.linked:
            said = "persons whose rows are all in the same groups, since a pseudonym links rows"
            yield self._test(self.limit(scope), scope.rest, said)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The fewest persons who share one multiset of groups."""
        missing = unmeasured(seen)
        if missing:
            return missing
        composite = seen.risk.of(ClassSizes).k_composite
        return Figure(composite, "a pseudonym links a person's rows, so all of them count as one value")
