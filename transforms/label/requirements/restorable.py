"""Line 2: no released column can be turned back, or recomputed, with a key or a table that exists."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Recoverability


class Restorable(Requirement):
    """No key exists for any released column."""

    name = "restorable"
    line = 2
    default = Default.always(0, "PIPL Art. 73: anonymized information cannot be restored")
    words = "released columns for which a key or a mapping table exists, with anybody"
    remedy = (
        "Leave the column out, or generalize it. Where whoever holds the key needs the values, expect still_personal."
    )
    told = True
    by_scope = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test over all columns."""
        yield self._test(
            self.limit(scope), scope.columns, "columns that somebody can turn back, or recompute, with a key"
        )

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many columns can."""
        keyed = [name for name, facts in seen.scope.fields.items() if facts.recoverability == Recoverability.KEYED]
        return Figure(
            len(keyed), f"a key exists for: {', '.join(keyed)}" if keyed else "no field can be turned back with a key"
        )
