"""Line 4: knowing a person's group makes nobody much surer of a sensitive value."""

from collections.abc import Iterator, Mapping

import numpy as np

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.requirement import (
    Broken,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.inference import Certainty, certainty
from beam_deid.transforms.terms import Sharing

MOST_GAIN: Mapping[Sharing, float] = {Sharing.PUBLIC: 0.5, Sharing.CONTROLLED: 0.75, Sharing.ENCLAVE: 0.9}
DIFFERENCE = 0.25
"""What nearly everybody has is told of nobody: a gain counts only where p_group − p_release is above this."""


class Gain(Requirement):
    """The gain of certainty (p_group − p_release) / (1 − p_release) of every value in every group is within the limit."""

    name = "gain"
    target = "FIELD"
    line = 4
    option = Option[float](
        "gain",
        Share,
        "Greatest gain of certainty about a sensitive value; never above the sharing model's own: 0.5, 0.75, 0.9",
    )
    example = "gain: 0.4"
    default = Default(MOST_GAIN, "ours; the form is anonymeter's")
    words = "greatest gain of certainty about a value of a sensitive column, over persons: (p_group − p_release)/(1 − p_release)"
    remedy = (
        "Coarsen the columns around the sensitive one, generalize the sensitive one itself, or let a share of the rows "
        "be suppressed."
    )
    is_share = True
    suppresses = True
    by_group = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each sensitive column."""
        for name in scope.sensitive:
            said = f"greatest gain of certainty about a value of {name}, from knowing the group"
            yield self._test(self.limit(scope), scope.around(name), said, name)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The greatest gain."""
        missing = unmeasured(seen)
        if missing:
            return missing
        found = self._certainty(test, seen)
        known = seen.group_values(test.target).base_rate
        rate = found.base_rate if known is None else known
        return Figure(float(found.gain.max()), f"over persons; the commonest value has a base rate of {rate:.1%}")

    def broken(self, test: Planned, seen: Seen) -> Broken | None:
        """Groups in which it is greater."""
        much = self._certainty(test, seen).gain > test.limit + 1e-12
        return Broken(test.columns, np.asarray(much)) if much.any() else None

    @staticmethod
    def _certainty(test: Planned, seen: Seen) -> Certainty:
        return certainty(seen.group_values(test.target), DIFFERENCE)
