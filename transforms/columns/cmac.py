"""AES-CMAC (NIST SP 800-38B, RFC 4493) of the values of a column."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from beam_deid.transforms.columns.aes import Aes, as_words, doubled, xored
from beam_deid.transforms.columns.keyed_hash import Digests, KeyedHash
from beam_deid.transforms.columns.sizes import BLOCK, Words, by_size, few


class Cmac(KeyedHash):
    """AES-CMAC: a keyed hash of 16 bytes.

    Args:
        key: 16, 24 or 32 bytes; 32 from `beam_deid.transforms.crypto.keys`.
    """

    __slots__ = ("_aes", "_empty", "_partial", "_whole")

    size: ClassVar[int] = BLOCK
    per_value: ClassVar[bool] = True

    def __init__(self, key: bytes) -> None:
        self._aes = Aes(key)
        self._empty = CMAC(algorithms.AES(key))
        self._whole = doubled(self._aes.block(bytes(BLOCK)))  # K1
        self._partial = doubled(self._whole)  # K2

    def digests(self, texts: pa.Array) -> Digests:
        """See `KeyedHash.digests`."""
        found = np.empty((len(texts), 2), np.uint64)
        for group in by_size(texts):
            found[group.rows] = self.tags(group.words, group.size)
        return found.view(np.uint8)

    def tags(self, words: Words, size: int) -> Words:
        """The tags of values of one size.

        Args:
            words: uint64 array, shape (m, 2 b): the values' bytes, zeros after the end.
            size: Bytes of each value; b is ⌈size / 16⌉, at least one.

        Returns:
            uint64 array, shape (m, 2).
        """
        if few(len(words), size):
            return self._one_by_one(words, size)
        rest = size - (words.shape[1] // 2 - 1) * BLOCK
        padding = (b"\x80".rjust(rest + 1, b"\0")).ljust(BLOCK, b"\0")
        ending = self._whole if rest == BLOCK else xored(self._partial, padding)
        last = words[:, -2:] ^ as_words(ending)
        state: Words | None = None
        for column in range(0, words.shape[1] - 2, 2):
            block = words[:, column : column + 2]
            state = self._aes(block if state is None else state ^ block)
        return self._aes(last if state is None else state ^ last)

    def _one_by_one(self, words: Words, size: int) -> Words:
        """Long values of a size that few have: the library's own CMAC, which chains blocks without Python."""
        tags = []
        for row in np.ascontiguousarray(words).view(np.uint8)[:, :size]:
            one = self._empty.copy()
            one.update(row.tobytes())
            tags.append(one.finalize())
        return np.frombuffer(b"".join(tags), "<u8").reshape(-1, 2)

    def tag(self, data: bytes) -> bytes:
        """The tag of one value."""
        width = max(1, -(-len(data) // BLOCK)) * BLOCK
        return self.tags(as_words(data.ljust(width, b"\0")).reshape(1, -1), len(data)).tobytes()
