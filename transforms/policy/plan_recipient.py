"""What a plan tells of a release's recipient: what the release can be for it at best, and what applies to it in law."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.label.stating import as_recipient_sees
from beam_deid.transforms.policy.for_recipient import declaration_of
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.plan_label import obstacles
from beam_deid.transforms.policy.recipients import Recipient
from beam_deid.transforms.terms import ForRecipientName, LabelName, RecipientRole

_ASSESSED = "an impact assessment and its record come first, and are kept for 3 years at least (PIPL Art. 55, 56)"
_EXPORTED = (
    "persons exported since 1 January: under 100,000 without sensitive information need no export mechanism (Art. 5); up to "
    "1,000,000, or under 10,000 with sensitive information, a standard contract or certification (Art. 8); more, important data, or "
    "a critical operator, a security assessment (Art. 7) (CAC Order 16, 2024-03-22; PIPL Art. 38 to 40)"
)
_FACTS: Mapping[RecipientRole, tuple[str, ...]] = {
    RecipientRole.INTERNAL: (),
    RecipientRole.ENTRUSTED: (
        _ASSESSED,
        "the contract says purpose, period, method, kinds, measures, rights and duties, and that data is returned or deleted at its "
        "end (PIPL Art. 21)",
    ),
    RecipientRole.OTHER: (
        _ASSESSED,
        "persons are told who it is, the purpose, the method and the kinds, and give separate consent (PIPL Art. 23)",
    ),
    RecipientRole.ABROAD: (_ASSESSED, _EXPORTED),
}
"""What applies where personal information is given to a recipient, by its role; facts, of which a person decides."""


@dataclass(frozen=True)
class RecipientPlan:
    """What is planned for a release's recipient.

    Attributes:
        name: Its name.
        role: What it is in law.
        best: What the release can be for it at best.
        reasons: Why it cannot be better, a sentence each without a full stop.
        facts: What applies, and what the policy does not say, a sentence each without a full stop.
    """

    name: str
    role: RecipientRole
    best: ForRecipientName
    reasons: tuple[str, ...]
    facts: tuple[str, ...]


def recipient_plan(policy: Policy, scope: Scope, missing: str) -> RecipientPlan | None:
    """Plan what a release is for its recipient; None where the policy declares none.

    Args:
        policy: The policy.
        scope: The release.
        missing: Why no register is kept; empty where one is.
    """
    recipient = policy.recipient_of(scope.release)
    declared = declaration_of(policy, scope.release, tuple(policy.releases), (), missing)
    if recipient is None or declared is None:
        return None
    found = obstacles(policy, as_recipient_sees(scope, declared.absent))
    reasons = declared.unknown or tuple(f"line {one.line}: {one.what}" for one in found)
    best = ForRecipientName.NOT_ASSESSED if declared.unknown else ForRecipientName.NOT_IDENTIFIABLE
    if reasons and not declared.unknown:
        best = ForRecipientName.IDENTIFIABLE
    facts = (*_applying(policy, scope, recipient), *_unsaid(recipient))
    return RecipientPlan(recipient.name, recipient.role, best, reasons, facts)


def _applying(policy: Policy, scope: Scope, recipient: Recipient) -> Iterator[str]:
    """What applies; nothing where only what is not personal is given out."""
    if policy.releases[scope.release].expect is LabelName.ANONYMIZED:
        return
    yield from _FACTS[recipient.role]
    if recipient.role is RecipientRole.ABROAD and scope.sensitive:
        yield "sensitive columns are released, so that the thresholds of sensitive information may apply from the first person"


def _unsaid(recipient: Recipient) -> Iterator[str]:
    """What of the recipient nobody says, though it matters."""
    if recipient.role is RecipientRole.INTERNAL:
        return
    asked = {
        "contract": recipient.contract,
        "until": recipient.until,
        "has_keys": recipient.has_keys,
        "sub_processing": recipient.sub_processing,
    }
    missing = [name for name, said in asked.items() if said is None]
    if missing:
        yield f"the policy does not say of it: {', '.join(missing)}"
