"""Line 6: no class has a risk above the threshold of the sharing model."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen, unmeasured
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.sharing import SharingFigures


class ClassesAtRisk(Requirement):
    """The share R_a of classes whose risk is above 1/k is nothing."""

    name = "classes_at_risk"
    line = 6
    default = Default.always(0, "GB/T 42460-2023 (reference)")
    words = "share R_a of groups whose risk is above 1/k"
    remedy = "As for k: it holds where every group has at least k persons."
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """Yield one test over the equivalence classes."""
        yield self._test(self.limit(scope), scope.rest, "share of groups whose risk is above 1/k")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Take R_a from the risk figures."""
        return unmeasured(seen) or Figure(
            seen.risk.of(SharingFigures).sharing.R_a, "share of groups whose risk is above 1/k"
        )
