"""HMAC-SHA256 (RFC 2104, FIPS 180-4) of the values of a column."""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BYTES = 32
_BLOCK = 64

Digests = npt.NDArray[np.uint8]


class KeyedHash:
    """HMAC-SHA256 under one key. It holds the key's state, so it is made on the worker and cannot be pickled.

    Equal values have equal digests: whoever has the key can compute the digest of any guess, and whoever sees the
    digests sees which values are equal and how often. Without the key neither value nor guess can be tested.

    Args:
        key: The key, any length; 32 bytes from `beam_deid.transforms.crypto.keys`.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        # Both states have taken in the key already: two compressions a value instead of four.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digests(self, texts: pa.Array) -> Digests:
        """The digests of texts, as their UTF-8 bytes.

        Args:
            texts: Plain ``string`` array without nulls, shape (n,); distinct values, for each costs a microsecond.

        Returns:
            uint8 array, shape (n, 32).
        """
        inner, outer = self._inner.copy, self._outer.copy
        parts = []
        for value in texts.cast(pa.binary()).to_pylist():
            first, second = inner(), outer()
            first.update(value)
            second.update(first.digest())
            parts.append(second.digest())
        return np.frombuffer(b"".join(parts), dtype=np.uint8).reshape(len(texts), BYTES)

    def numbers(self, texts: pa.Array, below: int) -> npt.NDArray[np.int64]:
        """A number from 0 to ``below`` − 1 for each text, from the first eight bytes of its digest.

        Args:
            texts: As for `digests`.
            below: At most 2³², so that no number is favoured by more than 2⁻³².

        Returns:
            int64 array, shape (n,).
        """
        words = np.ascontiguousarray(self.digests(texts)[:, :8]).view(">u8")[:, 0]
        return (words % np.uint64(below)).astype(np.int64)
