"""Secrets by reference: environment variables and files."""

import os
from pathlib import Path
from typing import BinaryIO

from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.storage.private import open_read, others_may_use

MINIMUM_BYTES = 32
MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
"""What is advised where a key is to be made; never where one is to be had that made something before."""


def read_variable(name: str, where: str, advice: str = f"Set it to the key. {MAKE_ONE}") -> bytes:
    """The text of an environment variable, as bytes.

    Raises:
        KeyFault: It is not set.
    """
    text = os.environ.get(name)
    if text is None:
        raise KeyFault("the environment variable is not set", where, advice)
    return text.encode("utf-8", "surrogateescape")


def read_private(path: str, where: str, advice: str = MAKE_ONE) -> bytes:
    """The bytes of a file that only its owner and its group may use.

    Raises:
        KeyFault: It is not there, cannot be read, or others may use it.
    """
    place = str(Path(path).expanduser())
    try:
        with open_read(place) as stream:
            check_private(stream, place, where)
            return stream.read()
    except OSError as error:
        raise KeyFault(f"the key file cannot be read ({error.strerror})", where, advice) from None


def check_private(stream: BinaryIO, place: str, where: str) -> None:
    """Check that others cannot read an open file.

    Args:
        stream: The file that the secret is then read from; its path may lead elsewhere by now.
        place: Its path.
        where: What to call it.

    Raises:
        KeyFault: Others may read or write it.
    """
    if others_may_use(stream):
        raise KeyFault("every user of this machine may use the key file", where, f"Run: chmod 600 {place}")


def checked(secret: bytes, where: str) -> bytes:
    """A secret without one trailing line break, if it is long enough.

    Raises:
        KeyFault: It has fewer than 32 bytes.
    """
    secret = secret.removesuffix(b"\n").removesuffix(b"\r")
    if len(secret) < MINIMUM_BYTES:
        raise KeyFault(f"the key has {len(secret)} bytes, at least {MINIMUM_BYTES} are needed", where, MAKE_ONE)
    return secret
