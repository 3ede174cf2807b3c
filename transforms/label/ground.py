"""On which ground a release rests: consent, a legal basis that somebody declares, or that it is anonymized."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.terms import LabelName, Word


class GroundKind(Word):
    """What a release rests on."""

    CONSENT = "consent"
    DECLARED = "declared"
    ANONYMIZATION = "anonymization"


@dataclass(frozen=True)
class ConsentGround:
    """The consent that persons gave, without anything that names a file.

    Attributes:
        purpose: What for.
        as_of: The time at which it had to be valid, ISO 8601.
        persons: How many persons the ledger knows, and of how many the own consent, or the guardian's, is valid, or withdrawn.
    """

    purpose: str
    as_of: str
    persons: Mapping[str, int]


@dataclass(frozen=True)
class Ground:
    """The ground of a release, as its policy and its ledger say it. It is told, and says nothing of whether the law is kept.

    Attributes:
        kind: What it is.
        basis: The legal basis that the policy declares; None where it declares none.
        consent: The consent; None where none is needed.
    """

    kind: GroundKind
    basis: str | None = None
    consent: ConsentGround | None = None

    @classmethod
    def of(cls, label: LabelName, basis: str | None, consent: ConsentGround | None) -> "Ground | None":
        """The ground of a release; None where nothing says one."""
        if consent is not None:
            return cls(GroundKind.CONSENT, basis, consent)
        if basis is not None:
            return cls(GroundKind.DECLARED, basis)
        return cls(GroundKind.ANONYMIZATION) if label is LabelName.ANONYMIZED else None


def ground_after(label: LabelName, ground: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is left of a label's ground once it was decided again: who is no longer anonymized does not rest on that."""
    rests_on_it = ground is not None and ground["kind"] == GroundKind.ANONYMIZATION
    return None if rests_on_it and label is not LabelName.ANONYMIZED else ground
