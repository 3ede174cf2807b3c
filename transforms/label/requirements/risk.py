"""Line 6: the figures by sharing model; see `beam_deid.transforms.risk.measures.sharing` for their sources."""

from collections.abc import Iterator

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen, unmeasured
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.sharing import SharingFigures
from beam_deid.transforms.terms import Sharing

MOST_RISK = 0.05


class OverallRisk(Requirement):
    """The overall risk R is within the limit. A declared environment lowers it; nothing else does."""

    name = "overall_risk"
    line = 6
    option = Option[float]("risk", Share, "Greatest overall risk R; never above 0.05")
    example = "risk: 0.03"
    default = Default.always(
        MOST_RISK, "ours; the strictest of the Information and Privacy Commissioner of Ontario (2016)"
    )
    words = "overall risk R: group risk (highest in public sharing, else average) times environment risk E"
    remedy = (
        "Coarsen, so that groups are larger; or declare the environment that recipients work in, where it protects: "
        "environment of the release."
    )
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """Yield one test over the equivalence classes."""
        which = "highest" if scope.sharing is Sharing.PUBLIC else "average"
        yield self._test(self.limit(scope), scope.rest, f"overall risk R: {which} group risk times environment risk E")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Take the overall risk R from the risk figures."""
        missing = unmeasured(seen)
        if missing:
            return missing
        sharing = seen.risk.of(SharingFigures).sharing
        return Figure(sharing.R, f"overall risk R = group risk × E, with E = {sharing.E:g}")
