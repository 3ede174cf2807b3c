"""AES over whole arrays of blocks, and arithmetic on blocks as pairs of words."""

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from beam_deid.transforms.columns.sizes import BLOCK, Words

_REDUCTION = 0x87  # of GF(2¹²⁸), x¹²⁸ + x⁷ + x² + x + 1


class Aes:
    """The AES forward function under one key (FIPS 197). It cannot be pickled.

    Args:
        key: 16, 24 or 32 bytes.
    """

    __slots__ = ("_encryptor",)

    def __init__(self, key: bytes) -> None:
        # ECB is the bare block function here; every mode is built on it by its caller.
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305

    def __call__(self, blocks: Words) -> Words:
        """Encrypt each block, shape (m, 2) to (m, 2): 16 bytes as two little-endian words."""
        data = np.ascontiguousarray(blocks).view(np.uint8).reshape(-1)
        room = np.empty(len(data) + BLOCK, np.uint8)
        self._encryptor.update_into(data, room)  # type: ignore[arg-type]
        return room[: len(data)].view("<u8").reshape(-1, 2)

    def block(self, data: bytes) -> bytes:
        """Encrypt one block of 16 bytes."""
        return self._encryptor.update(data)


def doubled(block: bytes) -> bytes:
    """A block times x in GF(2¹²⁸), as CMAC and S2V take it (RFC 5297, 2.3)."""
    number = int.from_bytes(block, "big")
    return (((number << 1) & ((1 << 128) - 1)) ^ (_REDUCTION if number >> 127 else 0)).to_bytes(BLOCK, "big")


def xored(one: bytes, other: bytes) -> bytes:
    """Two byte strings of one length, xored."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def as_words(data: bytes) -> Words:
    """Bytes, a multiple of eight, as little-endian words."""
    return np.frombuffer(data, "<u8")
