"""Keys: those that actions, the signature and the register need, and where the policy says they are."""

from collections.abc import Iterator

from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.crypto.keys import check_reference
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


def key_problems(draft: Draft, key_given: bool) -> Iterator[Problem]:
    """Keys that are needed and nowhere to be had.

    Args:
        draft: The policy.
        key_given: Whether a key comes from elsewhere where the policy names none.
    """
    yield from _keys(draft, key_given)
    yield from _signing(draft)
    yield from _register(draft)


def _keys(draft: Draft, key_given: bool) -> Iterator[Problem]:
    keys = draft.raw.get("keys")
    places = keys if isinstance(keys, dict) else {}
    if isinstance(places.get("key"), str):
        what = check_reference(places["key"], of_keyring=False)
        if what:
            yield Problem(("keys", "key"), what)
    for path, action in draft.all_actions():
        own = getattr(action, "own_key", None) or draft.releases[str(path[1])].raw.get("key")
        if action.keyed and keys is None and own is None and not key_given:
            said = "keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
            yield Problem(path, f"{action.name} needs a key; add to the policy: {said}")
        if action.keyed and isinstance(own, str) and own.startswith("keyring:") and "keyring" not in places:
            yield Problem(path, "its key is one of a keyring; add to the policy: keys: {keyring: PATH}")
        if isinstance(action, KeyedAction) and action.in_keyring and keys is not None:
            yield from _outside_keyring(path, action, own or places.get("key"))


def _outside_keyring(path: Path, action: KeyedAction, reference: object) -> Iterator[Problem]:
    """See that the key of an action, which a policy refers to where it is not the main one of its keyring, is one of that."""
    if reference is not None and not str(reference).startswith("keyring:"):
        what = f"{action.name} with a secret of each person takes a key of a keyring, beside which the secrets are kept"
        yield Problem(path, f"{what}; make one with beam-deid keys create PATH, and write keys: {{keyring: PATH}}")


def _signing(draft: Draft) -> Iterator[Problem]:
    keys = draft.raw.get("keys")
    if draft.raw.get("sign") == "keyring" and not (isinstance(keys, dict) and "keyring" in keys):
        what = "labels are signed with a key of a keyring; add to the policy: keys: {keyring: PATH}"
        yield Problem(("sign",), f"{what}, and to the keyring a signing key: beam-deid keys create PATH --sign")


def _register(draft: Draft) -> Iterator[Problem]:
    record = draft.raw.get("record")
    if isinstance(record, str) and record not in draft.fields:
        yield Problem(("record",), draft.no_field(record))
    place = draft.raw.get("register")
    keys = draft.raw.get("keys")
    key = place.get("key") if isinstance(place, dict) else None
    if isinstance(key, str) and key.startswith("keyring:") and not (isinstance(keys, dict) and "keyring" in keys):
        yield Problem(("register", "key"), "its key is one of a keyring; add to the policy: keys: {keyring: PATH}")
    if isinstance(place, dict) and place.get("path") == NO_REGISTER and key is not None:
        yield Problem(("register", "key"), "there is no register, so it has no key; leave this out")
