"""encrypt: a ciphertext in place of the value, another each time, restorable with the key."""

import hashlib
import os
from typing import ClassVar

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.action import Beside, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.key_options import Restored, Restoring, Reversible
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.sizes import BLOCK, Bytes, Group, Words
from beam_deid.transforms.crypto.gcm import NONCE, Gcm
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.tokens import Open, Opened, make_tokens, open_tokens
from beam_deid.transforms.errors import NoSuchKey

_HALF = 32


class Encrypt(Reversible):
    """AES-256-GCM (NIST SP 800-38D) of the value as URL-safe text with the key's id, for what nobody needs to join on.

    Equal values have unrelated ciphertexts; a ciphertext tells the length of its value in bytes. It is what Tink's AEAD
    makes under the same key, in URL-safe base64. The nonce is an AES-CMAC, under a key of its own, of the field,
    the record's place and the value: no nonce serves two values, and a shard that is done again gives the same bytes again. The
    value is taken as text in one spelling. Null stays null, empty text empty.
    """

    name: ClassVar[str] = "encrypt"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "encrypt",
            "AES-GCM, equal values differently, for what nobody joins on; the key turns it back",
            "`keyed`",
            "no",
        ),
    )
    key_bytes: ClassVar[int] = 2 * _HALF
    key_in_value: ClassVar[bool] = True
    beside: ClassVar[Beside | None] = Beside.PLACE

    def sentence(self, target: Target) -> str:
        """That the value is encrypted, and that equal values cannot be told."""
        return f"{target.field} is encrypted (AES-GCM), equal values differently; the key turns it back"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        subkey = self.subkey(target, keys)
        cipher = Gcm(subkey.bytes[:_HALF])
        draw = Cmac(subkey.bytes[_HALF:])
        # One record's fields, in one release or in two, have one place; their nonces must differ all the same.
        own = np.frombuffer(hashlib.sha256("\0".join([target.release, target.field]).encode()).digest()[:BLOCK], "<u8")

        def bound(column: pa.Array, place: pa.Array | None) -> Treated:
            places = _words(place, len(column)) ^ own

            def seal(group: Group) -> Bytes:
                named = np.concatenate([places[group.rows], group.words], axis=1)
                nonces = draw.tags(named, BLOCK + group.size).view(np.uint8)[:, :NONCE]
                return np.concatenate([nonces, cipher.seal(nonces, group.words, group.size)], axis=1)

            return Treated(make_tokens(canonical_text(column), subkey.id, seal))

        return bound

    def restoring(self, target: Target, keys: KeySource, identity: int | None) -> Restoring:
        """See `Reversible.restoring`; a ciphertext names its key."""

        def opener(named: int) -> Open | None:
            try:
                cipher = Gcm(_first(self.subkey(target, keys, named)))
            except NoSuchKey:
                return None
            return lambda sealed: Opened(*cipher.open(sealed[:, :NONCE], np.ascontiguousarray(sealed[:, NONCE:])))

        def restore(tokens: pa.Array) -> Restored:
            return Restored(*open_tokens(tokens, NONCE + BLOCK, opener))

        return restore


def _first(subkey: Subkey) -> bytes:
    return subkey.bytes[:_HALF]


def _words(place: pa.Array | None, rows: int) -> Words:
    """Places as words, shape (n, 2); random ones where none are given."""
    if place is None:
        return np.frombuffer(os.urandom(BLOCK * rows), "<u8").reshape(-1, 2)
    data = np.frombuffer(place.buffers()[1], "<u8") if rows else np.empty(0, np.uint64)
    return data.reshape(-1, 2)[place.offset : place.offset + rows]
