"""Line 4, where a policy asks: (α,k)-anonymity (Wong, Li, Fu, Wang, 2006)."""

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.requirement import Compare, Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.search.requirements import ClassFigure


class Alpha(Asked):
    """Share of a group's persons who have one value."""

    name = "alpha"
    option = Option[float](
        "alpha", dict[str, Share], "Greatest share of a group's persons who may have one value of a sensitive field"
    )
    example = "alpha: {category: 0.5}"
    source = "Wong et al.: (α,k)-Anonymity (2006)"
    compare = Compare.AT_MOST
    words = "greatest share of a group's persons who have the same value"
    remedy = "Coarsen the columns around the sensitive one; or ask for less under require."
    is_share = True

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``alpha: {FIELD: …}``."""
        most = self.option.of_field(scope.asked, name)
        return None if most is None else (most, None)

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """The greatest share."""
        return per_class.commonest_share
