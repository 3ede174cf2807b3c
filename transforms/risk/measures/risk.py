"""The figures of all measures of a release."""

from dataclasses import dataclass
from typing import Any, TypeVar

from beam_deid.transforms.risk.measures.measure import Figures

F = TypeVar("F", bound=Figures)


@dataclass(frozen=True)
class Risk:
    """The figures of all measures; none where no record is released.

    Attributes:
        figures: Those of each measure, in the order of the measures.
    """

    figures: tuple[Figures, ...] = ()

    def of(self, kind: type[F]) -> F:
        """The figures of one measure.

        Raises:
            LookupError: It told nothing.
        """
        for one in self.figures:
            if isinstance(one, kind):
                return one
        raise LookupError(f"there are no {kind.__name__}")

    def replaced(self, changed: Figures) -> "Risk":
        """A copy with other figures of one measure."""
        return Risk(tuple(changed if type(one) is type(changed) else one for one in self.figures))

    def to_document(self) -> dict[str, Any]:
        """All figures by name, in the order in which ``label.json`` holds them."""
        return {name: figure for one in self.figures for name, figure in one.to_document().items()}
