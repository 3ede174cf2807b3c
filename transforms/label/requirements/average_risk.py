"""Line 6, where a policy asks: the average risk of the persons released."""

from collections.abc import Iterator

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement, Seen, unmeasured
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.reidentification import ReidentificationRisk


class AverageRisk(Requirement):
    """Classes by persons are within the policy's limit."""

    name = "average_risk"
    option = Option[float](
        "average_risk", Share, "Greatest average risk of the persons released: groups divided by persons"
    )
    example = "average_risk: 0.1"
    source = "El Emam: Guide to the De-Identification of Personal Health Information (2013)"
    line = 6
    words = "average risk of the persons released: groups divided by persons"
    remedy = "Coarsen, so that groups are larger; or ask for less under require."
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, where the policy asks."""
        most = self.option.of(scope.asked)
        if most is not None:
            yield self._test(most, scope.rest, self.words)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Take the average risk from the risk figures."""
        return unmeasured(seen) or Figure(seen.risk.of(ReidentificationRisk).avg_risk, "groups divided by persons")
