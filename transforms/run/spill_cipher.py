"""Columns that wait on disk are encrypted, each file under a key of its own, which stands in no file.

A row has what an attacker may know: a number, a time, a fingerprint that other rows have, too. Whoever reads the disk while a run
works, or finds the files of one that was killed, learns nothing but how many rows there are.
"""

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Words = npt.NDArray[np.uint64] | npt.NDArray[np.int64]
"""A column, shape (n,)."""

_KEY = 16
_BLOCK = 16
_WIDTH = 8
_HALF = 8
"""Bytes of a counter block that say the column; the others count blocks."""


def new_key() -> bytes:
    """A key for one file."""
    return secrets.token_bytes(_KEY)


class SpillCipher:
    """AES in counter mode (NIST SP 800-38A) over the columns of a file; what encrypts them decrypts them.

    The keystream of a word follows from its column and its row, so that any rows of any column can be read by themselves. No two
    words of a file have the same, since a row is written once, and no two files have a key in common.

    Args:
        key: The file's key, 16 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._stream = Cipher(algorithms.AES(key), modes.CTR(bytes(_BLOCK))).encryptor()

    def crypt(self, column: int, row: int, words: npt.NDArray[Any], to: npt.NDArray[Any]) -> None:
        """Encrypt or decrypt words.

        Args:
            column: The number of their column.
            row: The number of the first one's row in the file; the others follow it.
            words: The words, contiguous, shape (n,), of 64 bits each.
            to: Where they are written to, of the same shape; may be their own place.
        """
        block, within = divmod(row * _WIDTH, _BLOCK)
        self._stream.reset_nonce(column.to_bytes(_HALF, "big") + block.to_bytes(_BLOCK - _HALF, "big"))
        if within:
            self._stream.update(bytes(within))
        if len(words):
            self._stream.update_into(words.data.cast("B"), to.data.cast("B"))
