"""Keys by reference: resolved on the worker, never pickled, never shown."""

import os
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beam_deid.transforms.errors import KeyFault

MINIMUM_BYTES = 32
SCHEMES = ("env", "file")


def check_reference(reference: str) -> str | None:
    """What is wrong with a key reference (``env:NAME`` or ``file:PATH``), or None. Never echoes it whole.

    A user may have pasted the key itself where its place belongs, so only the scheme is ever repeated.
    """
    scheme, separator, rest = reference.partition(":")
    if separator and scheme in SCHEMES and rest:
        return None
    return "not a key reference; write where the key is, env:NAME or file:PATH, never the key itself"


class KeyHandle:
    """Key bytes in one process. It cannot be pickled, copied into a graph, or printed.

    Subkeys are derived by HKDF-SHA256 (RFC 5869) with the use and the domain as ``info``, so that two domains
    cannot be joined and one use says nothing about another.
    """

    __slots__ = ("_bytes", "_reference")

    def __init__(self, reference: str, key: bytes) -> None:
        self._reference, self._bytes = reference, key

    def __repr__(self) -> str:
        return f"<KeyHandle {self._reference}>"

    def __reduce__(self) -> NoReturn:
        raise KeyFault("a key handle cannot be pickled", self._reference, "Pass the reference; workers resolve it")

    def subkey(self, use: str, domain: str) -> bytes:
        """The 32-byte subkey for ``use`` in ``domain``."""
        info = b"beam-deid/1\x00" + use.encode() + b"\x00" + domain.encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._bytes)


def resolve(reference: str) -> KeyHandle:
    """Read the key that ``reference`` names, in this process.

    ``env:NAME`` takes the text of the variable; ``file:PATH`` the bytes of the file. One trailing line break
    is not part of the key.

    Raises:
        KeyFault: The reference is malformed, the key is not there, cannot be read or has fewer than 32 bytes.
    """
    problem = check_reference(reference)
    if problem:
        raise KeyFault(problem, "keys")
    scheme, _, rest = reference.partition(":")
    make = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
    if scheme == "env":
        text = os.environ.get(rest)
        if text is None:
            raise KeyFault("the environment variable is not set", reference, make)
        key = text.encode("utf-8", "surrogateescape")
    else:
        try:
            key = Path(rest).expanduser().read_bytes()
        except OSError as error:
            raise KeyFault(f"the key file cannot be read ({error.strerror})", reference, make) from None
    key = key.removesuffix(b"\n").removesuffix(b"\r")
    if len(key) < MINIMUM_BYTES:
        raise KeyFault(f"the key has {len(key)} bytes, at least {MINIMUM_BYTES} are needed", reference, make)
    return KeyHandle(reference, key)


class Keys:
    """The keys of a policy, resolved when first asked for. Pickles as the reference alone."""

    def __init__(self, default: str | None) -> None:
        self._default = default
        self._handles: dict[str, KeyHandle] = {}

    def __getstate__(self) -> dict[str, object]:
        return {"_default": self._default, "_handles": {}}

    def subkey(self, use: str, domain: str, reference: str | None = None) -> bytes:
        """The 32-byte subkey for one use in one domain, under ``reference`` or the default key.

        Raises:
            KeyFault: See `resolve`; also when neither reference is given.
        """
        name = reference or self._default
        if name is None:
            raise KeyFault("no key is named", "keys", "Add to the policy: keys: {key: 'env:NAME'}")
        if name not in self._handles:
            self._handles[name] = resolve(name)
        return self._handles[name].subkey(use, domain)
