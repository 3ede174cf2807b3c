"""Where all keys of a policy are: what it says itself, and where its keyring's key-encryption key is."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.tables import TablesPolicy
from beam_deid.transforms.storage.files import is_file

_OF_VARIABLES = ("env:", "passphrase:")


def key_sources(policy: Policy | TablesPolicy) -> tuple[str, ...]:
    """The references to variables that hold keys, each once; opens no key.

    Args:
        policy: A policy, of one table or of several.

    Raises:
        KeyFault: Its keyring is there and cannot be read.
    """
    parts = [table.policy for table in policy.tables.values()] if isinstance(policy, TablesPolicy) else [policy]
    return tuple(dict.fromkeys(source for part in parts for source in _sources(part.model_dump(mode="json"))))


def keyring_source(path: str) -> str:
    """Where the key-encryption key of a keyring is; empty where there is no keyring yet.

    Raises:
        KeyFault: It cannot be read.
    """
    return str(opened(path).kek["source"]) if is_file(path) else ""


def _sources(said: Any) -> Iterator[str]:
    """Each text of a policy that names a variable, and what its keyring names."""
    if isinstance(said, str) and said.startswith(_OF_VARIABLES):
        yield said
    elif isinstance(said, list):
        for one in said:
            yield from _sources(one)
    elif isinstance(said, dict):
        for name, one in said.items():
            yield from _sources(one)
            if name == "keyring" and isinstance(one, str):
                yield keyring_source(one)
