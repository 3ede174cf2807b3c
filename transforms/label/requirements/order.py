"""Line 9: rows, files and metadata say nothing of the source's order."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope


class Order(Requirement):
    """Rows are put into an order that follows from released values alone, over all parts."""

    name = "order"
    line = 9
    default = Default.always(0, "ours: a row's place is an attribute that source and release share")
    words = "traces of the source's order in rows, files and metadata"
    remedy = "Nothing is to be done for it: rows are shuffled once all other tests pass."

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """Yield one test over rows, files and metadata."""
        yield self._test(
            self.limit(scope), (), "traces of the source's order: rows are shuffled once every other line holds"
        )

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """None, once rows are shuffled; they are where every other line holds."""
        if seen.found.ordered:
            return Figure(0, "rows are shuffled by released values")
        return Figure(1, "rows stand in the order of the source: they are shuffled once every other line holds")
