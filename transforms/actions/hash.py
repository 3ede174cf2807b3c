"""hash: a keyed hash in place of the value, equal for equal values of one domain."""

import base64
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Bound, KeySource, Target, Treated
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.crypto.keyed_hash import BYTES, Digests, KeyedHash

LEAST_BYTES = 16


class Hash(KeyedAction):
    """HMAC-SHA256 of the value (RFC 2104) under a subkey of the domain.

    There is no hash without a key: an unkeyed hash of a mobile number is undone by trying all of them. The value is
    hashed as text in one spelling (`beam_deid.transforms.columns.canonical_text`), so that a number has one hash
    whatever type it came in. Null stays null, empty text empty. Cut to n bytes, two of m values collide with a
    chance of about m² / 2^(8 n + 1).
    """

    name: ClassVar[str] = "hash"

    encoding: Literal["hex", "base64url"] = Field("hex", description="How the hash is written; base64url unpadded")
    length: int = Field(BYTES, ge=LEAST_BYTES, le=BYTES, description="Bytes of the hash that are kept, 16 to 32")

    def sentence(self, target: Target) -> str:
        """That the value is hashed, and in which domain."""
        cut = "" if self.length == BYTES else f", cut to {self.length} bytes"
        return f"{target.field} is replaced by HMAC-SHA256 under a key, domain {self.domain_of(target)}{cut}"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        hashed, encoding, length = self.keyed_hash(target, keys), self.encoding, self.length

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(
                per_distinct(column, lambda values: _hashes(canonical_text(values), hashed, encoding, length))
            )

        return bound


def _hashes(texts: pa.Array, hashed: KeyedHash, encoding: str, length: int) -> pa.Array:
    if len(texts) == 0:
        return pa.array([], pa.string())
    cut = np.ascontiguousarray(hashed.digests(texts)[:, :length])
    written = _fixed_width(_hex(cut) if encoding == "hex" else _base64url(cut))
    return pc.if_else(pc.equal(texts, ""), "", written)


def _hex(digests: Digests) -> Digests:
    return np.frombuffer(digests.tobytes().hex().encode(), dtype=np.uint8).reshape(len(digests), -1)


def _base64url(digests: Digests) -> Digests:
    rows, length = digests.shape
    # Filled up to whole groups of three bytes, all rows are one text; what the filling gives is cut off again.
    filled = np.zeros((rows, -(-length // 3) * 3), dtype=np.uint8)
    filled[:, :length] = digests
    text = base64.urlsafe_b64encode(filled.tobytes())
    return np.frombuffer(text, dtype=np.uint8).reshape(rows, -1)[:, : -(-length * 4 // 3)]


def _fixed_width(characters: Digests) -> pa.Array:
    rows, width = characters.shape
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters.tobytes())]
    # Small batches only, but 64-bit offsets cost nothing and cannot run over.
    return pa.Array.from_buffers(pa.large_string(), rows, buffers).cast(pa.string())
