"""Line 1: no released column is a direct identifier, by its role or by its kind."""

from collections.abc import Iterator

from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.recognisers.identity import IDENTIFYING
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.terms import Recoverability, Role

_SHOWN = (Recoverability.CLEAR, Recoverability.PARTIAL, Recoverability.KEYED)


def identifies(facts: FieldFacts) -> bool:
    """Whether a column names persons as it is released. A kind that names a person overrides any role."""
    named = Role.DIRECT in facts.role or (facts.kind in IDENTIFYING)
    # Nobody can say what is left in free text, whatever is done to it.
    return (named and facts.recoverability in _SHOWN) or facts.kind == FREE_TEXT


class DirectIdentifiers(Requirement):
    """No column that is released clear, in part or under a key names a person, whatever role it has."""

    name = "direct_identifiers"
    line = 1
    default = Default.always(0, "PIPL Art. 4; GB/T 35273-2020 3.14")
    words = (
        "released columns that name a person, by role or by kind: clear, masked or under a key; free text in any form"
    )
    remedy = "Leave the column out, or generalize it; masked, hashed or tokenized it still names a person."
    told = True
    by_scope = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test over all columns."""
        yield self._test(self.limit(scope), scope.columns, "columns that name a person, by role or by kind")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many columns do."""
        named = [
            f"{name} ({facts.action}: {facts.recoverability})"
            for name, facts in seen.scope.fields.items()
            if identifies(facts)
        ]
        said = f"direct identifiers released: {', '.join(named)}" if named else "no direct identifier is released"
        return Figure(len(named), said)
