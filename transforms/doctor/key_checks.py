"""Keys as a process finds them, told apart from others by check values: no key byte is told to anybody."""

from collections.abc import Callable, Iterator
from functools import partial

from beam_deid.transforms.crypto.key_terms import REGISTER_NAME
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.doctor.asked import Asked
from beam_deid.transforms.doctor.finding import Finding
from beam_deid.transforms.errors import DeidError, fault_of
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.register.key import known_subkey, register_subkey

KEYS = "keys"


def keys_of(asked: Asked) -> tuple[list[Finding], dict[str, str]]:
    """Open every key that a worker would, and make its check value; the findings, and the check values.

    A key that many fields lack is told once.
    """
    prints: dict[str, str] = {}
    missing: dict[str, DeidError] = {}
    for name, open_key in _openers(asked):
        try:
            prints[name] = open_key().check(f"doctor {asked.challenge}")
        except Exception as error:
            found = fault_of(error, KEYS)
            missing.setdefault(found.message, found)
    if missing:
        return [Finding(KEYS, error=error) for error in missing.values()], prints
    return [Finding(KEYS, _told(len(prints)))], prints


def _told(count: int) -> str:
    if not count:
        return "none is needed"
    return "the key of 1 use is here" if count == 1 else f"the keys of {count} uses are here"


def _openers(asked: Asked) -> Iterator[tuple[str, Callable[[], Subkey]]]:
    """What each key is the key of, and what opens it."""
    keys = asked.job.keys
    for release, field, action, target in asked.job.keyed_fields():
        yield f"{release}.{field}", partial(action.subkey, target, keys)
    reference = asked.job.register
    if reference is None:
        return
    if not reference.is_new:
        yield "register", partial(known_subkey, keys, reference)
        return
    named = register_location(asked.job.policy, reference.path).key
    if named != f"keyring:{REGISTER_NAME}":  # which the run itself may put into the keyring
        yield "register", partial(register_subkey, keys, named, "doctor")
