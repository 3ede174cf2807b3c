"""Matrices of bytes as unpadded URL-safe base64 (RFC 4648, section 5), and back."""

import base64
import binascii

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.sizes import Bytes

_URL_SAFE = np.zeros(256, bool)
_URL_SAFE[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")] = True
_STANDARD = bytes.maketrans(b"-_", b"+/")


def to_base64(matrix: Bytes) -> Bytes:
    """Rows of bytes, shape (m, w), as rows of characters, shape (m, ⌈4 w / 3⌉)."""
    rows, width = matrix.shape
    if width % 3:
        # Filled up to whole groups of three bytes, all rows are one text; what the filling gives is cut off again.
        filled = np.zeros((rows, -(-width // 3) * 3), np.uint8)
        filled[:, :width] = matrix
        matrix = filled
    text = base64.urlsafe_b64encode(matrix.tobytes())
    return np.frombuffer(text, np.uint8).reshape(rows, -(-width // 3) * 4)[:, : -(-width * 4 // 3)]


def from_base64(characters: Bytes) -> tuple[Bytes, npt.NDArray[np.bool_]]:
    """Rows of characters, shape (m, w), as rows of bytes, shape (m, ⌊3 w / 4⌋), and which rows were base64.

    A row is base64 only in the one spelling that `to_base64` writes: no other alphabet, no padding, no stray bits.
    """
    rows, width = characters.shape
    size = width * 3 // 4
    sound = _URL_SAFE[characters].all(axis=1) & (width % 4 != 1)
    filled = np.full((rows, -(-width // 4) * 4), ord("A"), np.uint8)
    filled[:, :width] = np.where(sound[:, None], characters, np.uint8(ord("A")))
    data = binascii.a2b_base64(filled.tobytes().translate(_STANDARD))
    decoded = np.frombuffer(data, np.uint8).reshape(rows, -(-width // 4) * 3)
    return decoded[:, :size], sound & (decoded[:, size:] == 0).all(axis=1)
