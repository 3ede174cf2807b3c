"""Line 4, where a policy asks: t-closeness (Li, Li, Venkatasubramanian, 2007)."""

from collections.abc import Sequence

from beam_deid.transforms.label import options
from beam_deid.transforms.label.options import Option
from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.requirement import Compare, Planned, Seen
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.distances import Scale, equal_distance
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.search.requirements import ClassFigure

T = Option[options.Closeness](
    "t", options.Closenesses, "Greatest distance of a sensitive field's distribution in a group from the release's"
)


class Closeness(Asked):
    """Distance of the distribution in a group from that of the release."""

    name = "t"
    option = T
    example = "t: {category: {max: 0.4, distance: equal}}"
    source = "Li, Li, Venkatasubramanian: t-Closeness (2007)"
    compare = Compare.AT_MOST
    words = "greatest distance of a group's distribution from the release's"
    remedy = (
        "Coarsen the columns around the sensitive one, so that each group is more like the whole; or ask for less under "
        "require."
    )
    relative = True
    written = True

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``t: {FIELD: …}``."""
        asked = T.of_field(scope.asked, name)
        return None if asked is None else (asked.max, asked.distance)

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """The distance that the policy names."""
        return equal_distance if scale is None else scale.distance

    def distributions(self, test: Planned, seen: Seen) -> Sequence[Distribution]:
        """Values as they are written, since these have a place in an order or a hierarchy."""
        return seen.as_written(test.target)
