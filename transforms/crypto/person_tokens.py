"""Tokens under a secret of a person: without the secret nobody can restore one or make it again, the key's holder included.

For a value of a person with the secret s, under a key of the domain, of which five are made::

    V = HMAC-SHA256(K₁, s ‖ value), its first 16 bytes
    C = value ⊕ the first bytes of HMAC-SHA256(K₂, s ‖ V ‖ 0) ‖ HMAC-SHA256(K₂, s ‖ V ‖ 1) ‖ …
    h = HMAC-SHA256(K₃, s), its first 12 bytes, by which whoever has the key finds the secret
    H = AES-256(K₄, (h ‖ 0000) ⊕ AES-256(K₄, V))
    sealed = H ‖ V ‖ C

V and C are the SIV composition of Rogaway and Shrimpton ("Deterministic Authenticated-Encryption", 2006): a pseudorandom function
of the value is the tag and, as initial vector, what the value is encrypted with. It is a secure deterministic authenticated
encryption wherever tag and keystream are pseudorandom functions under independent keys. HMAC under one key, of what begins with s,
is such a function of the rest to whoever lacks s, even if the key is known to them: the hash takes s in before anything that they
choose, and the outer hash cannot be undone (a CBC-MAC can, which is why it is not AES-CMAC). s has 128 random bits and stands
nowhere but in the file of secrets. Where it is gone, V and C are as good as random.

H hides h, which is the same in all tokens of a person: to whoever lacks the key, tokens of one person have nothing in common but
where values are equal, for V differs from value to value (XE of Rogaway, 2004, with V as tweak). The four zeros tell a token of
this domain from any other text. What names a person in the file, a fingerprint of its identity under K₅, stands in no token:
whoever has the key could test guesses of the person by it after the secret is gone.
"""

import hmac

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from beam_deid.transforms.columns.aes import Aes
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import BLOCK, Bytes, Group, Words, matrix_column
from beam_deid.transforms.crypto.hmac import HmacSha256

LEAST = 2 * BLOCK
"""Bytes of what is sealed of an empty value."""
_HANDLE = 12
_COUNTER = 4


class PersonTokens:
    """The tokens of one domain. It holds a key, so it cannot be pickled.

    Args:
        key: The domain's key.
    """

    def __init__(self, key: bytes) -> None:
        self.of_file = _part(key, b"file")
        handle = _part(key, b"handle in a token")
        self._vector = HmacSha256(_part(key, b"vector"))
        self._stream = HmacSha256(_part(key, b"stream"))
        self._handle = HmacSha256(_part(key, b"handle"))
        self._person = HmacSha256(_part(key, b"person"))
        self._hide = Aes(handle)
        self._cipher = Cipher(algorithms.AES(handle), modes.ECB())  # noqa: S305 - the bare block function

    def persons(self, identities: pa.Array) -> Words:
        """What the file of secrets knows persons by.

        Args:
            identities: Their identities in one spelling, ``string``, shape (n,), without nulls.

        Returns:
            Fingerprints, shape (n, 2).
        """
        return _words(self._person.digests(identities)[:, :BLOCK])

    def handles(self, secrets: Words) -> Words:
        """What tokens name secrets (n, 2) by, shape (n, 2); the last four bytes are zeros."""
        made = self._handle.digests(_column(_bytes(secrets)))[:, :BLOCK].copy()
        made[:, _HANDLE:] = 0
        return _words(made)

    def seal(self, group: Group, secrets: Words) -> Bytes:
        """Encrypt values of one size.

        Args:
            group: The values, m of them.
            secrets: The secret of the person of each, shape (m, 2).

        Returns:
            uint8 array, shape (m, 32 + size).
        """
        vector = self._vectors(secrets, group.bytes)
        hidden = self._hide(self.handles(secrets) ^ self._hide(_words(vector)))
        return np.concatenate([_bytes(hidden), vector, group.bytes ^ self._pad(secrets, vector, group.size)], axis=1)

    def handles_in(self, sealed: Bytes) -> tuple[Words, Bools]:
        """Which secrets sealed values (m, 32 + size) name, shape (m, 2); and which of them are sealed values of this domain."""
        decrypted = self._cipher.decryptor().update(np.ascontiguousarray(sealed[:, :BLOCK]).tobytes())
        handles = np.frombuffer(decrypted, "<u8").reshape(-1, 2) ^ self._hide(_words(sealed[:, BLOCK:LEAST]))
        return handles, (_bytes(handles)[:, _HANDLE:] == 0).all(axis=1)

    def open(self, sealed: Bytes, secrets: Words) -> tuple[Bytes, Bools]:
        """Decrypt what `seal` made, and test it.

        Args:
            sealed: uint8 array, shape (m, 32 + size).
            secrets: The secret of the person of each, shape (m, 2).

        Returns:
            The values, shape (m, size), and which of them are authentic, shape (m,). What is not must not be used.
        """
        vector = sealed[:, BLOCK:LEAST]
        values = sealed[:, LEAST:] ^ self._pad(secrets, vector, sealed.shape[1] - LEAST)
        return values, (self._vectors(secrets, values) == vector).all(axis=1)

    def _vectors(self, secrets: Words, values: Bytes) -> Bytes:
        return self._vector.digests(_column(np.concatenate([_bytes(secrets), values], axis=1)))[:, :BLOCK]

    def _pad(self, secrets: Words, vector: Bytes, size: int) -> Bytes:
        """The keystream of values of one size, shape (m, size)."""
        begun = np.concatenate([_bytes(secrets), vector, np.zeros((len(vector), _COUNTER), np.uint8)], axis=1)
        blocks = []
        for number in range(-(-size // self._stream.size)):
            begun[:, -_COUNTER:] = np.frombuffer(number.to_bytes(_COUNTER, "big"), np.uint8)
            blocks.append(self._stream.digests(_column(begun)))
        return np.concatenate([np.empty((len(vector), 0), np.uint8), *blocks], axis=1)[:, :size]


def _part(key: bytes, label: bytes) -> bytes:
    """A key of its own for one use of a domain's key."""
    return hmac.digest(key, b"beam-deid/per subject\x00" + label, "sha256")


def _bytes(words: Words) -> Bytes:
    return np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8).reshape(len(words), BLOCK)


def _words(data: Bytes) -> Words:
    return np.ascontiguousarray(data).view("<u8").reshape(-1, 2)


def _column(matrix: Bytes) -> pa.Array:
    return matrix_column(matrix, pa.binary())
