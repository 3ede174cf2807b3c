"""Line 4, where a policy asks: β-likeness (Cao, Karras, 2012), basic or enhanced."""

from functools import partial

from beam_deid.transforms.label.options import Likeness, Likenesses, Option
from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.requirement import Compare, Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.search.requirements import ClassFigure


class Beta(Asked):
    """Relative gain of a value's share in a group."""

    name = "beta"
    option = Option[Likeness](
        "beta", Likenesses, "Greatest relative gain of a sensitive value's share in a group (β-likeness)"
    )
    example = "beta: {category: {max: 2, kind: enhanced}}"
    source = "Cao, Karras: β-likeness (2012)"
    compare = Compare.AT_MOST
    words = "greatest relative gain of a value's share in a group over that in the release"
    remedy = "Coarsen the columns around the sensitive one; or ask for less under require."
    relative = True

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``beta: {FIELD: …}``."""
        asked = self.option.of_field(scope.asked, name)
        return None if asked is None else (asked.max, asked.kind)

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """The gain of the kind that is asked."""
        return (
            partial(per_class.enhanced_gain, most=test.limit) if test.parameter == "enhanced" else per_class.basic_gain
        )
