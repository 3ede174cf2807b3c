"""What a policy declares of a release's recipient, as far as the statement ``for_recipient`` of its label rests on it."""

from collections.abc import Iterator, Sequence

from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.crypto.key_terms import DEFAULT_NAME
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.label.for_recipient import Declaration
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.recipients import ALL_KEYS, folded
from beam_deid.transforms.policy.roles import keyed_fields
from beam_deid.transforms.policy.same_keys import doubts
from beam_deid.transforms.policy.scoping import tested_together
from beam_deid.transforms.register.given_out import GivenOut
from beam_deid.transforms.terms import RecipientRole, Sharing


def absent_keys(policy: Policy, release: str) -> tuple[str, ...]:
    """The released fields that a key made which the recipient is declared not to have."""
    recipient = policy.recipient_of(release)
    if recipient is None or recipient.has_keys in (None, ALL_KEYS):
        return ()
    held = recipient.has_keys if isinstance(recipient.has_keys, tuple) else ()
    return tuple(field for field in keyed_fields(policy, release) if _key_of(policy, release, field) not in held)


def key_doubts(policy: Policy, release: str, keys: Keys) -> tuple[str, ...]:
    """Why a key that the recipient is declared not to have may be one that it has, a sentence each without a full stop."""
    recipient = policy.recipient_of(release)
    if recipient is None or not isinstance(recipient.has_keys, tuple):
        return ()
    absent = {field: _key_of(policy, release, field) for field in absent_keys(policy, release)}
    return tuple(doubts(absent, recipient.has_keys, keys))


def _key_of(policy: Policy, release: str, field: str) -> str:
    """The key that a field is made with, as the policy refers to it."""
    action = policy.releases[release].fields[field]
    own = action.own_key if isinstance(action, KeyedAction) else None
    single = None if policy.keys is None else policy.keys.key
    return own or policy.releases[release].key or single or f"keyring:{DEFAULT_NAME}"


def declaration_of(
    policy: Policy, release: str, together: Sequence[str], given_out: Sequence[GivenOut] | None, unregistered: str
) -> Declaration | None:
    """What is declared of a release's recipient; None where the policy declares no recipients.

    Args:
        policy: The policy.
        release: The release.
        together: All releases of the run.
        given_out: What the register knows to have been given out before; None where that is not known.
        unregistered: Why no register is kept; empty where one is.
    """
    if policy.recipients is None:
        return None
    recipient = policy.recipient_of(release)
    absent = absent_keys(policy, release)
    held = tuple(field for field in keyed_fields(policy, release) if field not in absent)
    unknown = tuple(_unknown(policy, release, together, given_out, unregistered))
    return Declaration(None if recipient is None else recipient.role, absent, held, unknown)


def _unknown(
    policy: Policy, release: str, together: Sequence[str], given_out: Sequence[GivenOut] | None, unregistered: str
) -> Iterator[str]:
    recipient = policy.recipient_of(release)
    if recipient is None:
        yield "the policy names no recipient for this release"
        return
    if recipient.has_keys is None and recipient.role is not RecipientRole.INTERNAL:
        yield "the policy does not say which keys the recipient has (has_keys)"
    if unregistered:
        yield f"nothing remembers what the recipient was given before: {unregistered}"
    if given_out is None:
        yield "windows of a pipeline are released one after the other, and are not looked at together for a recipient"
        return
    untested = list(_untested(policy, release, together, given_out))
    if untested:
        yield (
            f"the recipient may hold {', '.join(untested)} as well, and what these and this release say together was not measured"
        )


def _untested(policy: Policy, release: str, together: Sequence[str], given_out: Sequence[GivenOut]) -> Iterator[str]:
    """Releases that the recipient may hold and that this one is not tested together with."""
    composed = tested_together(policy, together)
    for name in together:
        if name == release or (release in composed and name in composed):
            continue
        if name in composed or not _is_elsewhere(policy, release, name):
            yield name
    for entry in given_out:
        if entry.is_tested and release in composed:
            continue
        if entry.is_tested or not _was_elsewhere(policy, release, entry):
            yield entry.name


def _is_elsewhere(policy: Policy, release: str, other: str) -> bool:
    """Whether another release of the policy goes to another recipient, and to nobody else."""
    spec = policy.releases[other]
    return spec.sharing is not Sharing.PUBLIC and _is_another(policy, release, spec.recipient)


def _was_elsewhere(policy: Policy, release: str, entry: GivenOut) -> bool:
    """Whether a registered release went to another recipient, and to nobody else.

    A policy may call its recipients otherwise than an earlier one did: whoever has another name now may be anybody.
    """
    if entry.is_public or entry.called is None or not _is_another(policy, release, entry.recipient):
        return False
    now = (policy.recipients or {})[entry.recipient or ""]
    return folded(now.name) == folded(entry.called)


def _is_another(policy: Policy, release: str, recipient: str | None) -> bool:
    """Whether somebody is a declared recipient other than that of a release; no two of a policy have one name or contract."""
    return recipient in (policy.recipients or {}) and recipient != policy.releases[release].recipient
