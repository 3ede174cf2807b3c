"""Line 4, where a policy asks: recursive (c,l)-diversity (Machanavajjhala et al., 2007, definition 4.3).

Its figure is not pycanon's ``l_recursive``, which looks at the rarest value; so it bears another name.
"""

from functools import partial

from beam_deid.transforms.label.requirements.asked import Asked
from beam_deid.transforms.label.requirements.distinct import L
from beam_deid.transforms.label.requirements.requirement import Compare, Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.search.requirements import ClassFigure


class Recursive(Asked):
    """Persons with the commonest value over those with the l-th commonest and rarer ones."""

    name = "l_commonest"
    option = L
    example = "l: {category: {recursive: [3, 2]}}"
    source = "Machanavajjhala et al.: l-Diversity (2007), definition 4.3"
    compare = Compare.BELOW
    words = "persons with a group's commonest value over those with the l-th commonest or a rarer one"
    remedy = "As for l; or ask for less under require."

    def asks(self, scope: Scope, name: str) -> tuple[float, object] | None:
        """``l: {FIELD: {recursive: [c, l]}}``."""
        asked = L.of_field(scope.asked, name)
        return None if asked is None else asked.recursive

    def measure(self, test: Planned, scale: Scale | None) -> ClassFigure:
        """The ratio, for the l that is asked."""
        return partial(per_class.recursive_ratio, least=int(test.parameter))
