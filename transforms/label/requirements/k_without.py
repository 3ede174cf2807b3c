"""Line 3: at least k persons over all released columns but one sensitive one, in other sharing models."""

from collections.abc import Iterator, Sequence

from beam_deid.transforms.label.requirements.persons import Persons
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Sharing


class AllButOne(Persons):
    """Elsewhere every group over all columns but one sensitive one does: anything but one sensitive thing may be known."""

    name = "k_without"
    target = "FIELD"
    sharings = (Sharing.CONTROLLED, Sharing.ENCLAVE)
    words = "in controlled and enclave sharing: persons in the smallest group over all released columns but one sensitive one"
    remedy = "As for k: coarsen or leave out a column, the sensitive ones among them."

    def grouped(self, scope: Scope) -> Iterator[tuple[str, Sequence[str], str]]:
        """All columns but one, for each that is sensitive."""
        if scope.sharing in self.sharings:
            for name in scope.sensitive:
                yield name, scope.without(name), f"persons in the smallest group over all columns but {name}"
