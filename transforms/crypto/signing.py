"""Ed25519 signatures (RFC 8032): who made a label. A public key is 32 bytes, written in base64."""

import base64
import binascii
from typing import NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.paths import is_local
from beam_deid.transforms.storage.private import open_read

ALGORITHM = "Ed25519"
_PUBLIC_BYTES = 32
_SIGNATURE_BYTES = 64
_MAXIMUM_FILE = 1 << 16


class SigningKey:
    """A private key. It cannot be pickled, copied into a graph, or printed.

    Args:
        secret: Its 32 bytes.

    Attributes:
        public: The public key in base64.
    """

    __slots__ = ("_private", "public")

    def __init__(self, secret: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    def __repr__(self) -> str:
        return f"<SigningKey {self.public}>"

    def __reduce__(self) -> NoReturn:
        raise KeyFault("a key cannot be pickled", self.public, "Only the process that starts a run signs")

    def sign(self, message: bytes) -> str:
        """The signature of a message, in base64; the same whenever the message is."""
        return base64.b64encode(self._private.sign(message)).decode()


def public_bytes(text: object) -> bytes | None:
    """The bytes of a public key in base64; None if it is none."""
    return _decoded(text, _PUBLIC_BYTES)


def is_signed(message: bytes, signature: object, public: object) -> bool:
    """Whether the owner of a public key signed a message; both in base64, and False for whatever is malformed."""
    key = public_bytes(public)
    value = _decoded(signature, _SIGNATURE_BYTES)
    if key is None or value is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(value, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(given: str) -> str:
    """A public key as a user gives it: base64, or a file that holds it in base64 or as PEM.

    Returns:
        The key in base64.

    Raises:
        UsageError: It is neither.
    """
    text = _text(given).strip()
    key = _from_pem(text) if text.startswith("-----BEGIN PUBLIC KEY") else public_bytes(text)
    if key is None:
        # What is wrong is not repeated: it may be a key that is nobody's to see.
        raise UsageError(
            "this is no public key of Ed25519, and no file that holds one",
            "--key",
            "Give its 32 bytes in base64, as `beam-deid keys list` shows them, or a file with them",
        )
    return base64.b64encode(key).decode()


def _text(given: str) -> str:
    if not is_local(given):
        return read_all(given, _MAXIMUM_FILE).decode("ascii", "replace")
    try:
        stream = open_read(given)
    except (OSError, ValueError):  # no file that can be read: the key itself, or nothing
        return given
    with stream:
        try:
            return stream.read(_MAXIMUM_FILE).decode("ascii")
        except (OSError, UnicodeDecodeError):
            return ""


def _from_pem(text: str) -> bytes | None:
    try:
        key = load_pem_public_key(text.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else None


def _decoded(text: object, size: int) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # One spelling each, so that what is compared as text is compared.
    return data if len(data) == size and base64.b64encode(data).decode() == text else None
