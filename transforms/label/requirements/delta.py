"""Line 4, where a policy asks: δ-disclosure privacy (Brickell, Shmatikov, 2008), as pycanon has it."""

from beam_deid.transforms.label.options import Option, Positive
from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.requirement import Compare, Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.search.requirements import ClassFigure


class Delta(Asked):
    """Logarithm of a value's share in a group over that in the release."""

    name = "delta"
    option = Option[float](
        "delta", dict[str, Positive], "Greatest |ln| of a sensitive value's share in a group over that in the release"
    )
    example = "delta: {category: 1.5}"
    source = "Brickell, Shmatikov: δ-disclosure privacy (2008)"
    compare = Compare.AT_MOST
    words = "greatest |ln| of a value's share in a group over that in the release"
    remedy = "Coarsen the columns around the sensitive one; or ask for less under require."
    relative = True

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``delta: {FIELD: …}``."""
        most = self.option.of_field(scope.asked, name)
        return None if most is None else (most, None)

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """The greatest |ln|."""
        return per_class.greatest_log_ratio
