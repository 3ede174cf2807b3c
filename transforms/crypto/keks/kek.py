"""The contract of a key-encryption key: what the keys of a keyring are wrapped under."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beam_deid.transforms.crypto.read_secret import MAKE_ONE
from beam_deid.transforms.errors import KeyFault

_GIVE = "Give the one that the keyring was made with"
_NONCE = 12
_SALT = 16


class Kek(ABC):
    """A key-encryption key, named as ``scheme:place``.

    Args:
        place: What follows the scheme.
        parameters: What `parameters` made when the keyring was.
    """

    scheme: ClassVar[str]
    form: ClassVar[str]
    """How a user writes it."""

    def __init__(self, place: str, parameters: Mapping[str, Any]) -> None:
        self.place = place
        self._parameters = parameters

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def where(self) -> str:
        """The name of the key-encryption key in messages, without secrets."""
        return f"{self.scheme}:{self.place}"

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """The parameters that a new keyring must store, as plain values for JSON. None of them is secret."""
        return {}

    @abstractmethod
    def wrap(self, key: bytes, context: str) -> bytes:
        """Encrypt a key.

        Args:
            key: The key.
            context: What the key is; it unwraps under no other.

        Raises:
            KeyFault: The key-encryption key cannot be had.
        """

    @abstractmethod
    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Decrypt what `wrap` made.

        Raises:
            KeyFault: The key-encryption key cannot be had, is another, or the wrapped key was changed.
        """


_ASKED: dict[tuple[str, str], AESGCM] = {}
"""Key-encryption keys that this process has asked for, and that it is much to ask for again."""


def forget() -> None:
    """Forget the key-encryption keys that this process has asked for."""
    _ASKED.clear()


class LocalKek(Kek):
    """A key-encryption key whose bytes this process holds: AES-256-GCM (NIST SP 800-38D) under HKDF-SHA256 of them.

    Attributes:
        asks: Whether to have it costs an answer, or time, so that a process asks once until it is told to forget.
    """

    asks: ClassVar[bool] = False
    _cached: AESGCM | None = None

    @abstractmethod
    def material(self) -> bytes:
        """The secret that the key-encryption key is derived from.

        Raises:
            KeyFault: It cannot be had.
        """

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """A salt."""
        return {"salt": os.urandom(_SALT).hex()}

    def wrap(self, key: bytes, context: str) -> bytes:
        """See `Kek.wrap`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher().encrypt(nonce, key, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See `Kek.unwrap`."""
        try:
            cipher = self._cipher()
        except KeyFault as fault:
            if MAKE_ONE not in fault.next_step:
                raise
            # There is a keyring already, which a new key would not open.
            raise KeyFault(fault.what, fault.where, _GIVE) from None
        try:
            return cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            raise KeyFault(
                "this does not open the keyring: it is another key-encryption key, or the keyring was changed",
                self.where,
                _GIVE,
            ) from None

    def _cipher(self) -> AESGCM:
        if self._cached is None:
            try:
                salt = bytes.fromhex(self._parameters["salt"])
            except (KeyError, TypeError, ValueError):
                raise KeyFault("the keyring is damaged: it has no salt", self.where, "Take a copy of it") from None
            asked = (self.where + self.place, salt.hex())
            if self.asks and asked in _ASKED:
                return _ASKED[asked]
            derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"beam-deid/kek").derive(self.material())
            self._cached = AESGCM(derived)
            if self.asks:
                _ASKED[asked] = self._cached
        return self._cached
