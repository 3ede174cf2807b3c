"""Line 3: at least k persons over the columns that anybody may know."""

from collections.abc import Iterator, Sequence

from beam_deid.transforms.label.requirements.persons import Persons
from beam_deid.transforms.label.scope import Scope


class Rest(Persons):
    """Every group over the columns that are not sensitive alone has at least k persons."""

    name = "k"
    words = "persons in the smallest group over every released column but those that are only sensitive"
    remedy = (
        "Coarsen or leave out a column of the smallest groups, leave its level open for the search, or let a share of "
        "the rows be suppressed: require: {suppression: 0.02}."
    )

    def grouped(self, scope: Scope) -> Iterator[tuple[str, Sequence[str], str]]:
        """The columns that anybody may know."""
        yield "", scope.rest, "persons in the smallest group over every column but those that are only sensitive"
