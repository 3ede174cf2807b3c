"""Line 3: at least k persons over all released columns, in public sharing."""

from collections.abc import Iterator, Sequence

from beam_deid.transforms.label.requirements.persons import Persons
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Sharing


class All(Persons):
    """In a public release every group over all columns has at least k persons: anything released may be known."""

    name = "k_all"
    sharings = (Sharing.PUBLIC,)
    words = "in public sharing: persons in the smallest group over all released columns"
    remedy = (
        "As for k: coarsen or leave out a column, the sensitive ones among them, for the public may know any of them."
    )

    def grouped(self, scope: Scope) -> Iterator[tuple[str, Sequence[str], str]]:
        """All columns, where anybody may have the release."""
        if scope.sharing in self.sharings:
            yield "", scope.columns, "persons in the smallest group over all columns"
