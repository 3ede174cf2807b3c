"""What a release is for its recipient: a statement beside the label, which it never changes; see `label.stating`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.terms import ForRecipientName, RecipientRole

DUTIES = (
    "The label stands: for whoever gives it out the release is what the label says, and so are the duties that come with it, such "
    "as informing persons, which is judged when the data is collected and as the controller sees it (CJEU C-413/23 P, EDPS v SRB, "
    "2025-09-04)"
)
"""What a statement on a recipient does not change."""


@dataclass(frozen=True)
class Declaration:
    """What is declared of a recipient, as far as the statement rests on it. It names nobody, for a label is given out.

    Attributes:
        role: What the recipient is in law; None where none is named.
        absent: Released fields that a key made which the recipient is declared not to have.
        held: Released fields that a key made which it has, or of which nobody says whether it has.
        unknown: What else is not known, a sentence each without a full stop: nothing can be stated then.
    """

    role: RecipientRole | None
    absent: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Declaration":
        """Read it from the statement of a label.

        Raises:
            KeyError, TypeError, ValueError: It has another shape.
        """
        role = document["role"]
        return cls(
            None if role is None else RecipientRole(role),
            tuple(document["absent"]),
            tuple(document["held"]),
            tuple(document["unknown"]),
        )

    @property
    def rests_on(self) -> str:
        """What the statement rests on, in one sentence without a full stop."""
        if self.role is None:
            return "nothing: no recipient is declared"
        if self.role is RecipientRole.INTERNAL:
            return "the recipient being a part of whoever has the keys, so that no key counts as absent"
        if not self.absent and not self.held:
            return "no field of this release being made under a key"
        if not self.absent:
            return "the recipient having every key of this release, or nobody saying that it has not"
        which = ", ".join(self.absent)
        return f"the policy's declaration that the recipient has not the keys of {which}; nobody has checked it"


@dataclass(frozen=True)
class ForRecipient:
    """The statement of a label on its recipient.

    Attributes:
        statement: The statement.
        declared: What it rests on.
        tests: The tests that keys have a part in, as the recipient sees the release.
        failing: Names of all tests that do not hold for the recipient, those that were not measured among them.
    """

    statement: ForRecipientName
    declared: Declaration
    tests: tuple[Test, ...]
    failing: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Write it as ``for_recipient`` of a label."""
        return {
            "statement": str(self.statement),
            **attributes(self.declared),
            "rests_on": self.declared.rests_on,
            "tests": [attributes(test) for test in self.tests],
            "failing": list(self.failing),
            "duties": DUTIES,
        }
