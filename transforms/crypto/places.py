"""Secrets by reference: environment variables and files."""

import os
from pathlib import Path

from beam_deid.transforms.errors import KeyFault

MINIMUM_BYTES = 32
_MAKE = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
_OTHERS = 0o007


def read_variable(name: str, where: str, advice: str = _MAKE) -> bytes:
    """The text of an environment variable, as bytes.

    Raises:
        KeyFault: It is not set.
    """
    text = os.environ.get(name)
    if text is None:
        raise KeyFault("the environment variable is not set", where, advice)
    return text.encode("utf-8", "surrogateescape")


def read_private(path: str, where: str, advice: str = _MAKE) -> bytes:
    """The bytes of a file that only its owner and its group may use.

    Raises:
        KeyFault: It is not there, cannot be read, or others may use it.
    """
    place = Path(path).expanduser()
    try:
        check_private(place, where)
        return place.read_bytes()
    except OSError as error:
        raise KeyFault(f"the key file cannot be read ({error.strerror})", where, advice) from None


def check_private(place: Path, where: str) -> None:
    """See that a file holds its secret from others.

    Raises:
        KeyFault: Others may read or write it.
        OSError: It is not there.
    """
    if os.name == "posix" and place.stat().st_mode & _OTHERS:
        raise KeyFault("every user of this machine may use the key file", where, f"Run: chmod 600 {place}")


def check_own(path: str) -> None:
    """See that nobody but this user, or root, can have written a file that says what to run.

    Raises:
        KeyFault: Others can.
    """
    if os.name != "posix":
        return
    facts = os.stat(path)
    if facts.st_uid not in (0, os.getuid()) or facts.st_mode & 0o022:
        raise KeyFault(
            "the keyring runs a command, and others than you may have written it", path,
            f"Check its command, then: chown $USER {path} && chmod 600 {path}",
        )  # fmt: skip


def checked(secret: bytes, where: str) -> bytes:
    """A secret without one trailing line break, if it is long enough.

    Raises:
        KeyFault: It has fewer than 32 bytes.
    """
    secret = secret.removesuffix(b"\n").removesuffix(b"\r")
    if len(secret) < MINIMUM_BYTES:
        raise KeyFault(f"the key has {len(secret)} bytes, at least {MINIMUM_BYTES} are needed", where, _MAKE)
    return secret
