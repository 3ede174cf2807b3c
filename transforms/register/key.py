"""The key of a register's fingerprints."""

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.crypto.keys import Keys, Subkey
from beam_deid.transforms.errors import KeyFault, NoSuchKey
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.storage.paths import shown

_USE = "register"
_FETCHED: dict[tuple[str, int, str], FingerprintKey] = {}
"""Keys that this process has fetched: every fingerprint asks for one."""


def forget() -> None:
    """Forget the keys that this process has fetched."""
    _FETCHED.clear()


_WHERE = "Put that key back, say where it is (register: {key: …} in the policy), or begin anew in another folder (register: PATH)"


def register_subkey(keys: Keys, reference: str | None, register: str, identity: int | None = None) -> Subkey:
    """The key of a register.

    Args:
        keys: The policy's keys.
        reference: Reference of the key that it is derived from; None for the policy's default one.
        register: The register's id.
        identity: Id of the key's version; the one that is used for new values if not given.

    Raises:
        KeyFault: It cannot be had.
    """
    return keys.subkey(_USE, register, reference, identity=identity)


def known_subkey(keys: Keys, register: Reference) -> Subkey:
    """The key of a register that is there already.

    Raises:
        KeyFault: It cannot be had, or is another than the register's.
    """
    try:
        subkey = register_subkey(keys, register.key, register.register, register.key_id)
    except NoSuchKey as error:
        if (register.key or "").startswith("keyring:"):  # it says what became of the key
            raise NoSuchKey(f"{error.what}, and the register was made with it", error.where, _WHERE) from None
        raise _other(register.path) from None
    except KeyFault as error:
        raise KeyFault(
            f"the key that the register was made with cannot be had: {error.what}", error.where, _WHERE
        ) from None
    if subkey.check() != register.check:
        raise _other(register.path)
    return subkey


def register_prints(keys: Keys, register: Reference) -> FingerprintKey:
    """The key of a register's fingerprints, with which all of a run's are made, so that both can be compared.

    Raises:
        KeyFault: It cannot be had, or is another than the register's.
    """
    held = (register.register, register.key_id, register.check)
    if held not in _FETCHED:
        _FETCHED[held] = FingerprintKey(known_subkey(keys, register).bytes)
    return _FETCHED[held]


def _other(path: str) -> KeyFault:
    return KeyFault(
        "this is not the key that the register was made with, so nothing in it can be known again",
        shown(path),
        _WHERE,
    )
