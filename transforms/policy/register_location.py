"""Where a policy's register is, which key its fingerprints have, or why there is none."""

from typing import NamedTuple

from beam_deid.transforms.crypto.key_terms import REGISTER_NAME
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.paths import is_name, join, parent

_NO_KEY = "the policy names no key for a register; add keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
_NO_PLACE = "the policy names no register, and there is no output to have one beside; add register: FOLDER"


class RegisterLocation(NamedTuple):
    """Where a register is.

    Attributes:
        path: Its folder; empty where there is none.
        key: Reference of its key; None for one that is derived from the policy's key.
        missing: Why there is none; empty where there is one.
    """

    path: str
    key: str | None
    missing: str


def register_location(policy: Policy, output: str | None, *, key_given: bool = False) -> RegisterLocation:
    """Where the register of a policy is.

    Args:
        policy: The policy.
        output: The output folder of a run; None where there is none, as in a pipeline of somebody's own.
        key_given: Whether a key comes from elsewhere where the policy names none.

    Raises:
        PolicyError: The dataset's name makes no name of a folder.
    """
    kept = policy.kept
    keys = policy.keys
    if kept.path == NO_REGISTER:
        return RegisterLocation("", None, "the policy says register: none")
    in_keyring = f"keyring:{REGISTER_NAME}" if keys is not None and keys.keyring is not None else None
    key = kept.key or in_keyring
    if key is None and keys is None and not key_given:
        return RegisterLocation("", None, _NO_KEY)
    if kept.path is not None:
        return RegisterLocation(place_of(kept.path), key, "")
    if output is None:
        return RegisterLocation("", None, _NO_PLACE)
    name = f"{policy.dataset}.register"
    if not is_name(name):
        raise PolicyError(
            "the dataset's name is no name of a folder, so its register has no place of its own",
            "dataset",
            "Add register: FOLDER to the policy, or register: none",
        )
    return RegisterLocation(join(parent(place_of(output)), name), key, "")
