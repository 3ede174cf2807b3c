"""To whom releases are given: declared recipients, and no more fields than each may have."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.crypto.key_terms import DEFAULT_NAME
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import advice, bare, shown
from beam_deid.transforms.policy.recipients import Recipient, folded
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.terms import Recoverability, Sharing


def recipient_problems(draft: Draft) -> Iterator[Problem]:
    """Recipients that cannot be, releases to nobody who is declared, and fields that a recipient may not have."""
    yield from _shared_domains(draft)
    if draft.recipients is None:
        return
    for name, recipient in draft.recipients.items():
        yield from _recipient_problems(draft, name, recipient)
    yield from _same_party(draft.recipients)
    for release in draft.releases.values():
        yield from _release_problems(draft, draft.recipients, release)


def _recipient_problems(draft: Draft, name: str, recipient: Recipient | None) -> Iterator[Problem]:
    path: Path = ("recipients", name)
    if not name.strip() or "\0" in name:
        yield Problem(path, "a recipient must have a name")
    if recipient is None:
        return
    for number, field in enumerate(recipient.fields or ()):
        if field not in draft.fields:
            yield Problem((*path, "fields", number), draft.no_field(field))
    if isinstance(recipient.has_keys, tuple):
        known = _key_references(draft)
        for number, reference in enumerate(recipient.has_keys):
            if reference not in known:
                # A key under another name would count as one that the recipient has not.
                what = "no field of the policy takes this key, so that it says nothing; write it as the policy does, or all"
                yield Problem((*path, "has_keys", number), what)


def _same_party(recipients: dict[str, Recipient | None]) -> Iterator[Problem]:
    """Recipients of one name or one contract: what each holds would be looked at as if the other did not hold it."""
    for attribute in ("name", "contract"):
        known: dict[str, str] = {}
        for key, recipient in recipients.items():
            said = None if recipient is None else getattr(recipient, attribute)
            if said is None:
                continue
            first = known.setdefault(folded(said), key)
            if first != key:
                what = f"it is the {attribute} of {bare(first)} too, so that both are one recipient; keep one of them"
                yield Problem(("recipients", key, attribute), what)


def _key_references(draft: Draft) -> set[Any]:
    """The keys that the policy's fields take, as they are referred to."""
    keys = draft.raw.get("keys")
    places = keys if isinstance(keys, dict) else {}
    found = {places.get("key") or f"keyring:{DEFAULT_NAME}"}
    found |= {release.raw.get("key") for release in draft.releases.values()}
    found |= {action.own_key for _, action in draft.all_actions() if isinstance(action, KeyedAction)}
    return found - {None}


def _release_problems(
    draft: Draft, recipients: dict[str, Recipient | None], release: DraftRelease
) -> Iterator[Problem]:
    path: Path = ("releases", release.name)
    named = release.raw.get("recipient")
    if named is None and release.raw.get("sharing") != Sharing.PUBLIC:
        yield Problem(path, f"it names no recipient, and the policy declares them; add recipient: {_names(recipients)}")
    if not isinstance(named, str):
        return
    if named not in recipients:
        what = f"no recipient is called {shown(named)}; {advice(named, recipients)}; or add it under recipients"
        yield Problem((*path, "recipient"), what)
        return
    recipient = recipients[named]
    if recipient is not None and recipient.fields is not None:
        yield from _beyond(draft, release, named, recipient)


def _names(recipients: dict[str, Recipient | None]) -> str:
    return ", or ".join(map(bare, recipients))


def _beyond(draft: Draft, release: DraftRelease, name: str, recipient: Recipient) -> Iterator[Problem]:
    """Released fields that a recipient may not have."""
    allowed = recipient.fields or ()
    contract = f" (contract {recipient.contract})" if recipient.contract else ""
    for field in release.actions:
        if field in allowed or field not in draft.fields or draft.how(release, field) is Recoverability.REMOVED:
            continue
        what = f"{bare(name)} may not have {bare(field)}{contract}; leave it out, or add it to fields of this recipient"
        yield Problem(("releases", release.name, "fields", field), what)


def _shared_domains(draft: Draft) -> Iterator[Problem]:
    """Domains that are shared with recipients where there are none, or that have no name to share."""
    for path, action in draft.all_actions():
        if not isinstance(action, KeyedAction) or not action.shared:
            continue
        place: Path = (*path, action.name, "shared")
        if draft.recipients is None:
            yield Problem(place, "the policy declares no recipients, who would share the domain; leave this out")
        elif action.domain is None:
            yield Problem(place, "a domain without a name is no other field's, so nobody shares it; add domain: NAME")
