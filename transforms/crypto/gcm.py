"""AES-GCM (NIST SP 800-38D) of the values of a column: randomized and authenticated."""

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.columns.aes import Aes, as_words
from beam_deid.transforms.columns.sizes import BLOCK, Bytes, Words, few

NONCE = 12
_REDUCTION = 0xE1 << 120  # of GF(2¹²⁸) with the bits of a byte from left to right

Tables = npt.NDArray[np.uint64]


class Gcm:
    """AES-GCM under one key, without associated data, nonces of 12 bytes, tags of 16. It cannot be pickled.

    A nonce must not serve two different values under one key; who calls must see to that.

    Args:
        key: 16, 24 or 32 bytes.
    """

    __slots__ = ("_aes", "_one", "_tables")

    def __init__(self, key: bytes) -> None:
        self._aes = Aes(key)
        self._one = AESGCM(key)
        self._tables = _multiples(int.from_bytes(self._aes.block(bytes(BLOCK)), "big"))

    def seal(self, nonces: Bytes, words: Words, size: int) -> Bytes:
        """Encrypt values of one size.

        Args:
            nonces: uint8 array, shape (m, 12).
            words: uint64 array, shape (m, 2 b): the values' bytes, zeros after the end.
            size: Bytes of each value.

        Returns:
            uint8 array, shape (m, size + 16): ciphertext, then tag.
        """
        if few(len(nonces), size):
            values = np.ascontiguousarray(words).view(np.uint8)[:, :size]
            ones = (self._one.encrypt(n.tobytes(), v.tobytes(), None) for n, v in zip(nonces, values, strict=True))
            return np.frombuffer(b"".join(ones), np.uint8).reshape(len(nonces), -1)
        sealed = np.empty((len(nonces), size + BLOCK), np.uint8)
        pads = self._pads(nonces, words.shape[1] // 2)
        hidden = _cut(pads[:, 2:] ^ words, size)
        sealed[:, :size] = hidden.view(np.uint8)[:, :size]
        sealed[:, size:] = (self._hash(hidden, size) ^ pads[:, :2]).view(np.uint8)
        return sealed

    def open(self, nonces: Bytes, sealed: Bytes) -> tuple[Bytes, npt.NDArray[np.bool_]]:
        """Decrypt what `seal` made, and test it.

        Returns:
            The values, shape (m, size), and which of them are authentic, shape (m,). What is not must not be used.
        """
        size = sealed.shape[1] - BLOCK
        hidden = np.zeros((len(sealed), 2 * max(1, -(-size // BLOCK))), np.uint64)
        hidden.view(np.uint8)[:, :size] = sealed[:, :size]
        tags = np.ascontiguousarray(sealed[:, size:]).view("<u8")
        pads = self._pads(nonces, hidden.shape[1] // 2)
        authentic = (self._hash(hidden, size) ^ pads[:, :2] == tags).all(axis=1)
        return (pads[:, 2:] ^ hidden).view(np.uint8)[:, :size], authentic

    def _pads(self, nonces: Bytes, blocks: int) -> Words:
        """The tag's pad and then those of the value's blocks, shape (m, 2 (1 + blocks))."""
        counters = np.empty((len(nonces), 1 + blocks, BLOCK), np.uint8)
        counters[:, :, :NONCE] = nonces[:, None]
        counters[:, :, NONCE:] = np.arange(1, blocks + 2, dtype=">u4").view(np.uint8).reshape(-1, 4)
        return self._aes(counters.reshape(-1, BLOCK).view("<u8")).reshape(len(nonces), -1)

    def _hash(self, hidden: Words, size: int) -> Words:
        """GHASH without associated data."""
        state = np.zeros((len(hidden), 2), np.uint64)
        for column in range(0, hidden.shape[1] if size else 0, 2):
            state = self._times(state ^ hidden[:, column : column + 2])
        return self._times(state ^ as_words(bytes(8) + (8 * size).to_bytes(8, "big")))

    def _times(self, blocks: Words) -> Words:
        """Blocks times the hash key: one look-up a byte."""
        data = np.ascontiguousarray(blocks).view(np.uint8)
        product: Words = self._tables[0][data[:, 0]]
        for place in range(1, BLOCK):
            product ^= self._tables[place][data[:, place]]
        return product


def _cut(words: Words, size: int) -> Words:
    """Set the bytes after the end of each value to zero."""
    words.view(np.uint8)[:, size:] = 0
    return words


def _multiples(key: int) -> Tables:
    """The products of the hash key and every byte at every place, shape (16, 256, 2)."""
    tables = np.zeros((BLOCK, 256, 2), np.uint64)
    for place in range(BLOCK):
        for bit in range(8):
            value = as_words(key.to_bytes(BLOCK, "big"))
            chosen = np.arange(256) & (0x80 >> bit) != 0
            tables[place, chosen] ^= value
            key = (key >> 1) ^ (_REDUCTION if key & 1 else 0)
    return tables
