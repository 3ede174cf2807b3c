"""Line 4, where a policy asks: entropy l-diversity (Machanavajjhala et al., 2007)."""

from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.distinct import L
from beam_deid.transforms.label.requirements.requirement import Compare, Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.search.requirements import ClassFigure


class Entropy(Asked):
    """Equally likely values that have the entropy of the poorest group."""

    name = "l_entropy"
    option = L
    example = "l: {category: {entropy: 2.5}}"
    source = "Machanavajjhala et al.: l-Diversity (2007)"
    compare = Compare.AT_LEAST
    words = "effective number of values (e to the entropy) in the poorest group"
    remedy = "As for l; or ask for less under require."

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``l: {FIELD: {entropy: …}}``."""
        asked = L.of_field(scope.asked, name)
        return None if asked is None or asked.entropy is None else (asked.entropy, None)

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """E to the entropy."""
        return per_class.effective_values
