"""Line 8: releases of the same records say no more together than each may say alone."""

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
from beam_deid.transforms.label.scope import EVERY, Scope


class Composition(Requirement):
    """With every sibling release, records alike in both at both levels, and present alike, are of at least k persons."""

    name = "composition"
    target = "RELEASE"
    line = 8
    default = Default(
        LEAST_K, "as line 3, the greater k of both; Ganta, Kasiviswanathan, Smith: Composition attacks (2008)"
    )
    option = K
    example = "k: 24"
    compare = Compare.AT_LEAST
    words = "persons in the smallest group of records that look alike both in this release and in another one of the same records"
    remedy = (
        "Take the levels of the earlier release, leave out what only one of them has, or let a share of the rows be "
        "suppressed. One that was never given out: beam-deid releases forget."
    )

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test with each sibling release."""
        for name, sibling in scope.siblings.items():
            others = "in all releases of the run" if name == EVERY else f"both here and in {name}"
            said = f"persons in the smallest group of records that look alike {others}"
            yield self._test(max(sibling.k, self.limit(scope)), sibling.shared, said, name)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The fewest persons."""
        missing = unmeasured(seen)
        if missing:
            return missing
        found = seen.found.compositions.get(test.target)
        if found is None or found.persons is None:
            return Figure(
                None, found.reason if found else f"what {test.target} and this release say together was not measured"
            )
        return Figure(found.persons, f"on {', '.join(test.columns) or 'presence alone'}, at the levels of each")
