"""Line 8: releases of several tables of one dataset are not tested together, so none of them is known to be anonymous."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Compare, Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope


class OtherTables(Requirement):
    """No other table has a release that may be anonymized, or a part of the same release: what both say is not measured."""

    name = "other_tables"
    line = 8
    default = Default.always(0, "ours: whoever has several tables of one dataset joins them by what they share")
    compare = Compare.AT_MOST
    words = "releases of other tables that may be anonymized, or are parts of this one: what all say is not measured"
    remedy = (
        "Give out one table alone, in a release of its own, and let the releases of the others expect still_personal."
    )
    told = True
    by_scope = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, where there are such releases."""
        if scope.apart:
            yield self._test(self.limit(scope), (), "tables of one dataset are tested together")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Never measured."""
        return Figure(None, f"tables of one dataset are not tested together: {', '.join(seen.scope.apart)}")
