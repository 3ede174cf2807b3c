"""HMAC (RFC 2104) of the values of a column, with SHA-256 (FIPS 180-4) or SM3 (GB/T 32905)."""

import hashlib
from typing import ClassVar

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.keyed_hash import Digests, KeyedHash

_BLOCK = 64


class _Hmac(KeyedHash):
    """HMAC over a hash of 32 bytes with blocks of 64. ``hashlib`` takes one value at a time: give it distinct ones."""

    __slots__ = ("_inner", "_outer")

    size: ClassVar[int] = 32
    per_value: ClassVar[bool] = False
    algorithm: ClassVar[str]

    def __init__(self, key: bytes) -> None:
        short = key if len(key) <= _BLOCK else hashlib.new(self.algorithm, key).digest()
        padded = short.ljust(_BLOCK, b"\0")
        # Both states have taken in the key already: two compressions a value instead of four.
        self._inner = hashlib.new(self.algorithm, bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.new(self.algorithm, bytes(byte ^ 0x5C for byte in padded))

    def digests(self, texts: pa.Array) -> Digests:
        """See `KeyedHash.digests`; each value costs a microsecond."""
        inner = self._inner.copy
        outer = self._outer.copy
        parts = []
        for value in texts.cast(pa.binary()).to_pylist():
            first = inner()
            second = outer()
            first.update(value)
            second.update(first.digest())
            parts.append(second.digest())
        return np.frombuffer(b"".join(parts), dtype=np.uint8).reshape(len(texts), self.size)


class HmacSha256(_Hmac):
    """HMAC-SHA256, for matching what another system hashed.

    Args:
        key: The key, any length.
    """

    algorithm: ClassVar[str] = "sha256"


class HmacSm3(_Hmac):
    """HMAC-SM3, where Chinese commercial cryptography (商用密码) is asked for.

    Args:
        key: The key, any length.

    Raises:
        ValueError: This Python's OpenSSL was built without SM3.
    """

    algorithm: ClassVar[str] = "sm3"
