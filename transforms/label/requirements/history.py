"""Line 3, where a policy asks: points of a person's history do not single the person out.

De Montjoye et al.: Unique in the crowd (2013); see `beam_deid.transforms.risk.history`. Without the option it is evidence alone.
"""

from collections.abc import Iterator

import numpy as np

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope

HISTORY = Option[float](
    "history",
    Share,
    "Greatest chance that one to four points of a person's history single it out; evidence alone if not given",
)


class History(Requirement):
    """One to four points of a person's history single the person out no more often than the policy allows."""

    name = "history"
    option = HISTORY
    example = "history: 0.1"
    source = "de Montjoye et al.: Unique in the crowd (2013)"
    line = 3
    words = "greatest chance that one to four points of a person's history single the person out (unicity)"
    remedy = "Leave out the pseudonym that links a person's rows, or coarsen what makes the points of a history, mostly the time."
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, where the policy asks."""
        most = self.option.of(scope.asked)
        if most is not None:
            yield self._test(most, scope.columns, self.words)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The greatest upper bound over the numbers of points known."""
        past = seen.found.history
        if not past:
            return Figure(None, "histories could not be measured")
        told = ", ".join(f"{point.points}: {point.share:.1%}" for point in past)
        return Figure(float(np.max([point.high for point in past])), f"by points known: {told}")
