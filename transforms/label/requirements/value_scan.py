"""Line 1: the scan of released values, of hierarchy labels and of column names finds no identifier."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope


class ValueScan(Requirement):
    """Nothing that is released looks like an identifier, once it is read as a person would read it."""

    name = "value_scan"
    line = 1
    default = Default.always(0, "ours: one hit is one too many")
    words = "identifiers found in released values, hierarchy labels and column names, however they are spelt"
    remedy = (
        "Give the column the kind that was found in it, and leave it out, mask it or generalize it; a name of a column "
        "can be changed where the file is made."
    )
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test over all columns."""
        said = "identifiers found in released values, hierarchy labels and column names"
        yield self._test(self.limit(scope), scope.columns, said)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many values do."""
        hits = seen.found.hits
        places = sorted({f"{name} ({kind})" for name, kind, _ in hits})
        nothing = "no identifier found in released values, labels and column names"
        said = f"released values look like {', '.join(places)}" if places else nothing
        return Figure(sum(count for _, _, count in hits), said)
