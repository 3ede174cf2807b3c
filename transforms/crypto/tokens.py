"""Tokens: encrypted values as URL-safe text that names the key which made them.

The bytes are those of Tink (https://developers.google.com/tink/wire-format): 0x01, the key's id in four bytes, the
highest first, then what the cipher made. The text is unpadded URL-safe base64 (RFC 4648, section 5).
"""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.base64_text import from_base64, to_base64
from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.columns.sizes import Bytes, Group, by_size, in_order, matrix_column
from beam_deid.transforms.terms import Reason

PREFIX = 5
_VERSION = 1
_FAULTS = (Reason.NO_TOKEN, Reason.NO_SUCH_KEY, Reason.SECRET_DESTROYED, Reason.NOT_AUTHENTIC)
"""What may be wrong with a token, in the order in which faults are told."""

Seal = Callable[[Group], Bytes]
"""Encrypts values of one size, shape (m, size), to sealed values, shape (m, w)."""


class Opened(NamedTuple):
    """What decrypting sealed values gives.

    Attributes:
        values: The values, shape (m, size). What is not authentic must not be used.
        authentic: Which of them are, shape (m,).
        destroyed: Which of the others were made under a secret that was destroyed, shape (m,); None where no secrets are.
    """

    values: Bytes
    authentic: npt.NDArray[np.bool_]
    destroyed: npt.NDArray[np.bool_] | None = None


Open = Callable[[Bytes], Opened]
"""Decrypts sealed values, shape (m, w)."""
Faults = tuple[tuple[pa.Array, Reason], ...]


def make_tokens(texts: pa.Array, identity: int, seal: Seal) -> pa.Array:
    """Make the tokens of texts. Null stays null, and empty text stays empty.

    Args:
        texts: Plain ``string`` array, shape (n,).
        identity: Id of the key.
        seal: The cipher.
    """
    prefix = np.frombuffer(bytes([_VERSION]) + identity.to_bytes(4, "big"), np.uint8)
    parts = []
    for group in by_size(texts):
        if group.size == 0:
            parts.append((group.rows, pa.array([""] * len(group.rows), pa.string())))
            continue
        sealed = seal(group)
        token = np.empty((len(sealed), PREFIX + sealed.shape[1]), np.uint8)
        token[:, :PREFIX] = prefix
        token[:, PREFIX:] = sealed
        parts.append((group.rows, matrix_column(to_base64(token), pa.string())))
    return in_order(parts, pa.string(), texts.is_valid() if texts.null_count else None)


def open_tokens(tokens: pa.Array, least: int, opener: Callable[[int], Open | None]) -> tuple[pa.Array, Faults]:
    """Decrypt tokens to texts. Null stays null, and empty text stays empty.

    Args:
        tokens: Plain ``string`` array, shape (n,).
        least: Bytes that the cipher makes of an empty value.
        opener: From a key's id to the cipher under it; None if there is no such key.

    Returns:
        The texts, null where a row is at fault, and the faults: ``no_token``, ``no_such_key``, ``secret_destroyed``,
        ``not_authentic`` (another domain's, another use's, or tampered with), ``bad_encoding`` (another program's, of no text).
    """
    masks = {reason: np.zeros(len(tokens), bool) for reason in _FAULTS}
    ciphers = functools.cache(opener)
    parts = []
    for group in by_size(tokens):
        if group.size == 0:
            values = pa.array([b""] * len(group.rows), pa.binary())
        else:
            values = matrix_column(_open_group(group, least, ciphers, masks), pa.binary())
        parts.append((group.rows, values))
    valid = pc.is_valid(tokens).to_numpy(zero_copy_only=False) & ~np.logical_or.reduce([*masks.values()])
    texts, broken = to_text(in_order(parts, pa.binary(), pa.array(valid)))
    faults = [(pa.array(mask), reason) for reason, mask in masks.items() if mask.any()]
    return texts, (*faults, *(() if broken is None else ((broken, Reason.BAD_ENCODING),)))


def _open_group(
    group: Group, least: int, ciphers: Callable[[int], Open | None], masks: Mapping[Reason, npt.NDArray[np.bool_]]
) -> Bytes:
    """Open the tokens of one size, and mark the faulty rows in ``masks``; of these the bytes are zeros."""
    data, sound = from_base64(group.bytes)
    if data.shape[1] < PREFIX + least:  # too short for any value
        masks[Reason.NO_TOKEN][group.rows] = True
        return np.zeros((len(data), 0), np.uint8)
    sound &= data[:, 0] == _VERSION
    masks[Reason.NO_TOKEN][group.rows[~sound]] = True
    values = np.zeros((len(data), data.shape[1] - PREFIX - least), np.uint8)
    for identity in np.unique(_ids(data)[sound]).tolist():
        rows = np.flatnonzero(sound & (_ids(data) == identity))
        cipher = ciphers(identity)
        if cipher is None:
            masks[Reason.NO_SUCH_KEY][group.rows[rows]] = True
            continue
        opened, authentic, destroyed = cipher(data[rows, PREFIX:])
        values[rows[authentic]] = opened[authentic]
        lost = np.zeros(len(rows), np.bool_) if destroyed is None else destroyed
        masks[Reason.SECRET_DESTROYED][group.rows[rows[lost]]] = True
        masks[Reason.NOT_AUTHENTIC][group.rows[rows[~authentic & ~lost]]] = True
    return values


def _ids(data: Bytes) -> npt.NDArray[np.uint32]:
    if data.shape[1] < PREFIX:
        return np.zeros(len(data), np.uint32)
    return np.ascontiguousarray(data[:, 1:PREFIX]).view(">u4")[:, 0].astype(np.uint32)
