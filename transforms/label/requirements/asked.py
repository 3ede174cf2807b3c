"""Line 4, where a policy asks: what the further measures of a sensitive column have in common. They count persons."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from beam_deid.transforms.label.requirements.requirement import (
    NOTHING,
    Broken,
    Compare,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.search.requirements import ClassFigure, Criterion


class Asked(Requirement):
    """A figure of each group around a sensitive column, for which a policy sets a limit.

    Attributes:
        relative: Whether it compares a group with all that is released, so that what is suppressed changes it.
        written: Whether values that differ in spelling only are different.
    """

    line = 4
    target = "FIELD"
    suppresses = True
    by_group = True
    relative = False
    written = False

    @abstractmethod
    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """The limit that the policy sets for a column, and what else it says; None if it sets none."""

    @abstractmethod
    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """What is measured of each class of a distribution."""

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each column that the policy names."""
        for name in scope.sensitive:
            asked = self.asks(scope, name)
            if asked is not None:
                yield self._test(asked[0], scope.around(name), f"{self.words}, for {name}", name, asked[1])

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The figure of the worst group, by the worst counting."""
        missing = unmeasured(seen)
        if missing:
            return missing
        one = self.criterion(test, seen.scale(test.target))
        worst = [one.worst(found) for found in self.distributions(test, seen)]
        if not worst:
            return NOTHING
        # NumPy's extremes keep what is not a number, so that it cannot hold; Python's may drop it.
        figure = float(np.min(worst) if self.compare is Compare.AT_LEAST else np.max(worst))
        return Figure(figure if np.isfinite(figure) else None, "of the worst group, over persons")

    def broken(self, test: Planned, seen: Seen) -> Broken | None:
        """Groups that miss it by any counting."""
        groups = seen.groups(test.columns)
        one = self.criterion(test, seen.scale(test.target))
        fails = np.zeros(len(groups), bool)
        for found in self.distributions(test, seen):
            fails[found.groups] |= one.fails(found)  # a distribution has no class without a person
        return Broken(test.columns, fails) if fails.any() else None

    def criterion(self, test: Planned, scale: Scale | None) -> Criterion:
        """Ask for the same limit in each class of a candidate's levels."""
        return Criterion(
            test.name,
            test.target,
            self.measure(test, scale),
            test.limit,
            at_least=self.compare is Compare.AT_LEAST,
            below=self.compare is Compare.BELOW,
            relative=self.relative,
            written=self.written,
        )

    def distributions(self, test: Planned, seen: Seen) -> Sequence[Distribution]:
        """The distribution that is measured, by each identity."""
        return seen.distributions(test.target)
