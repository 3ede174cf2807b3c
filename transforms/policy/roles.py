"""What a release's fields count as: one rule each, for the plan and for the measuring code alike.

All answers name fields in the policy's order. They follow from the policy alone; no data is read.
"""

from collections.abc import Callable

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.terms import Recoverability

_PSEUDONYM = {Recoverability.KEYED, Recoverability.KEY_DESTROYED}
_REMAINDER = {Recoverability.PARTIAL, Recoverability.KEY_DESTROYED}


def recoverability(policy: Policy, release: str, field: str) -> Recoverability:
    """How far a field can be turned back as the release gives it out; removed if it is not named there."""
    action = policy.releases[release].fields.get(field)
    return Recoverability.REMOVED if action is None else action.recoverability(policy.target(release, field))


def released_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The fields that stand in the release's files: all that it names but does not remove."""
    return _those(policy, release, lambda field, how: True)


def gating_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The fields that say which records the release is about: those of its row filter, and whose consent it needs."""
    spec = policy.releases[release]
    consent = spec.consent
    persons = () if consent is None else (consent.field or policy.subject_field, consent.born)
    return tuple(name for name in policy.fields if name in spec.where or name in persons)


def remainders(policy: Policy, release: str) -> tuple[str, ...]:
    """The released fields of which a mask left a part, or whose key was destroyed."""
    return _those(policy, release, lambda field, how: how in _REMAINDER)


def keyed_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The released fields for which a key exists, so that only its holder can compute them."""
    return _those(policy, release, lambda field, how: how is Recoverability.KEYED)


def platform_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The released fields, whole or in part, that are a platform's or a carrier's identifiers by their kind."""
    shown = (Recoverability.CLEAR, Recoverability.PARTIAL)
    kinds = {field: policy.kind(field) for field in policy.releases[release].fields}
    theirs = {field for field, kind in kinds.items() if kind is not None and kind.of_platforms}
    return _those(policy, release, lambda field, how: how in shown and field in theirs)


def _token(policy: Policy, release: str, field: str) -> tuple[str, ...] | None:
    """What a token of a field depends on beside its value, and the person where each has a secret; None where equal ones differ."""
    action = policy.releases[release].fields[field]
    target = policy.target(release, field)
    if not isinstance(action, KeyedAction) or action.beside not in (None, Beside.PERSON):
        return None
    return action.name, action.use, action.key_domain(target), action.own_key or target.key or "", action.form(target)


def deterministic(policy: Policy, release: str, field: str) -> bool:
    """Whether a field is released as tokens, and equal values have equal ones."""
    tokens = recoverability(policy, release, field) in _PSEUDONYM
    by_person = policy.releases[release].fields[field].beside is Beside.PERSON if tokens else False
    return tokens and not by_person and _token(policy, release, field) is not None


def same_tokens(policy: Policy, release: str, other: str, field: str) -> bool:
    """Whether two releases have equal tokens for equal values of a field that both release."""
    mine = _token(policy, release, field)
    return mine is not None and mine == _token(policy, other, field)


def how_normalized(policy: Policy, release: str, field: str) -> str | None:
    """How the spellings of one identifier are made one before a release makes something of it; None if they are not."""
    normal = policy.normal(field) if policy.releases[release].fields[field].normalizes else None
    return None if normal is None else normal.told


def is_normalized(policy: Policy, field: str) -> bool:
    """Whether some release takes a field's identifiers in one spelling, to make its values or to pick those of others by."""
    actions = [release.fields for release in policy.releases.values()]
    by_subject = any(one.beside is Beside.SUBJECT for fields in actions for one in fields.values())
    own = any(fields[field].normalizes for fields in actions if field in fields)
    looked_up = [release.consent for release in policy.releases.values() if release.consent is not None]
    keyed = any(one.keyed is not None and (one.field or policy.subject_field) == field for one in looked_up)
    return own or keyed or (by_subject and field == policy.subject_field)


def open_levels(policy: Policy, release: str) -> tuple[str, ...]:
    """The released fields that are generalized to a level which the search is to choose."""
    actions = policy.releases[release].fields

    def is_open(field: str, how: Recoverability) -> bool:
        action = actions[field]
        return isinstance(action, Levelled) and action.fixed_level() is None

    return _those(policy, release, is_open)


def _those(policy: Policy, release: str, counts: Callable[[str, Recoverability], bool]) -> tuple[str, ...]:
    named = policy.releases[release].fields
    pairs = ((field, recoverability(policy, release, field)) for field in policy.fields if field in named)
    return tuple(f for f, how in pairs if how is not Recoverability.REMOVED and counts(f, how))
