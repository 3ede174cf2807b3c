"""Line 3: at least k persons for every value of every sensitive column."""

from collections.abc import Iterator, Sequence

from beam_deid.transforms.label.requirements.persons import Persons
from beam_deid.transforms.label.scope import Scope


class EveryValue(Persons):
    """Every value of every sensitive column is held by at least k persons."""

    name = "k_values"
    target = "FIELD"
    words = "persons who have the rarest value of a sensitive column"
    remedy = (
        "Generalize the sensitive column, so that rare values share a group, or let a share of the rows be suppressed."
    )

    def grouped(self, scope: Scope) -> Iterator[tuple[str, Sequence[str], str]]:
        """Each sensitive column by itself."""
        for name in scope.sensitive:
            yield name, (name,), f"persons who have the rarest value of {name}"
