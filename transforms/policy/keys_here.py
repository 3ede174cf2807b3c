"""Which keys a release takes, and which of them are not here: told before a run, without opening any."""

import os
from collections.abc import Iterator
from pathlib import Path

from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import keyed_fields
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.paths import shown


def absent_keys(policy: Policy, release: str) -> tuple[str, ...]:
    """The keys of a release's fields that a run from here would not find, each once, in a sentence without a full stop.

    Only whether a variable is set, or a file is there, is looked at; what is in them shows when a run opens them.
    """
    return tuple(dict.fromkeys(_absent(policy, release)))


def _absent(policy: Policy, release: str) -> Iterator[str]:
    for field in keyed_fields(policy, release):
        action = policy.releases[release].fields[field]
        own = action.own_key if isinstance(action, KeyedAction) else None
        yield from _absent_key(policy, own or policy.releases[release].key)


def _absent_key(policy: Policy, reference: str | None) -> Iterator[str]:
    """Why the key of one field is not here, if it is not.

    Args:
        policy: The policy.
        reference: The key that is named for the field or its release; None for the policy's.
    """
    keyring = None if policy.keys is None else policy.keys.keyring
    single = None if policy.keys is None else policy.keys.key
    scheme, _, place = (reference or single or "keyring:").partition(":")
    if scheme == "env" and place not in os.environ:
        yield f"the environment variable {place}, which holds a key, is not set here"
    elif scheme == "file" and not Path(place).expanduser().is_file():
        yield f"the key file {place} is not there"
    elif scheme == "keyring" and keyring is None:
        yield "no key is named; add keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
    elif scheme == "keyring" and keyring is not None and not is_file(keyring):
        yield f"the keyring {shown(keyring)} is not there; make it with: beam-deid keys create"
