"""AES-SIV (RFC 5297) of the values of a column: deterministic, authenticated, reversible."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.aes import Aes, as_words, doubled, xored
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.sizes import BLOCK, Bytes, Group, Words

_WITHOUT = np.uint64(0x7FFFFFFF_7FFFFFFF)  # RFC 5297, 2.5: two bits of the counter are cleared


class Siv:
    """AES-SIV under one key. It cannot be pickled.

    Args:
        key: 32, 48 or 64 bytes: the key of S2V, then that of CTR.
        associated: Associated data, the same for all values. One empty string is what Tink's deterministic AEAD has.
    """

    __slots__ = ("_aes", "_long", "_mac", "_short")

    def __init__(self, key: bytes, associated: Sequence[bytes] = (b"",)) -> None:
        half = len(key) // 2
        self._mac = Cmac(key[:half])
        self._aes = Aes(key[half:])
        state = self._mac.tag(bytes(BLOCK))
        for data in associated:
            state = xored(doubled(state), self._mac.tag(data))
        self._long = state
        self._short = doubled(state)

    def seal(self, group: Group) -> Bytes:
        """Encrypt values of one size.

        Returns:
            uint8 array, shape (m, 16 + size): synthetic IV, then ciphertext.
        """
        vector = self._vector(group.words, group.size)
        sealed = np.empty((len(vector), BLOCK + group.size), np.uint8)
        sealed[:, :BLOCK] = vector.view(np.uint8)
        if group.size:
            sealed[:, BLOCK:] = self._counted(vector, group.words).view(np.uint8)[:, : group.size]
        return sealed

    def open(self, sealed: Bytes) -> tuple[Bytes, npt.NDArray[np.bool_]]:
        """Decrypt what `seal` made, and test it.

        Args:
            sealed: uint8 array, shape (m, 16 + size).

        Returns:
            The values, shape (m, size), and which of them are authentic, shape (m,). What is not must not be used.
        """
        size = sealed.shape[1] - BLOCK
        vector = np.ascontiguousarray(sealed[:, :BLOCK]).view("<u8")
        words = np.zeros((len(sealed), 2 * max(1, -(-size // BLOCK))), np.uint64)
        opened = words.view(np.uint8)
        opened[:, :size] = sealed[:, BLOCK:]
        if size:
            opened[:, :size] = self._counted(vector, words).view(np.uint8)[:, :size]
        return opened[:, :size], (self._vector(words, size) == vector).all(axis=1)

    def _vector(self, words: Words, size: int) -> Words:
        """S2V, whose last string is the value."""
        if size >= BLOCK:
            ending = as_words(bytes(size - BLOCK) + self._long + bytes(-size % BLOCK))
            return self._mac.tags(words ^ ending, size)
        padding = (b"\x80".rjust(size + 1, b"\0")).ljust(BLOCK, b"\0")
        return self._mac.tags(words ^ as_words(xored(self._short, padding)), BLOCK)

    def _counted(self, vector: Words, words: Words) -> Words:
        """Encrypt in counter mode (CTR). Bytes after the end of a value are arbitrary."""
        blocks = words.shape[1] // 2
        counters = np.empty((len(vector), blocks, 2), np.uint64)
        counters[:, :, 0] = vector[:, :1]
        # The top bit of the low half is clear, so that counting never carries into the high half.
        low = vector[:, 1].byteswap() & _WITHOUT
        counters[:, :, 1] = (low[:, None] + np.arange(blocks, dtype=np.uint64)).byteswap()
        return self._aes(counters.reshape(-1, 2)).reshape(words.shape) ^ words
