"""hash: a keyed hash in place of the value, equal for equal values of one domain."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.columns.base64_text import to_base64
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.distinct import per_distinct, per_value
from beam_deid.transforms.columns.keyed_hash import Digests, KeyedHash
from beam_deid.transforms.columns.sizes import matrix_column
from beam_deid.transforms.crypto.hmac import HmacSha256, HmacSm3

LEAST_BYTES = 16

_KINDS: Mapping[str, type[KeyedHash]] = {"aes-cmac": Cmac, "hmac-sha256": HmacSha256, "hmac-sm3": HmacSm3}
_SPELT: Mapping[str, str] = {"aes-cmac": "AES-CMAC", "hmac-sha256": "HMAC-SHA256", "hmac-sm3": "HMAC-SM3"}


class Hash(KeyedAction):
    """A keyed hash of the value, under a subkey of the domain: AES-CMAC (RFC 4493), or HMAC (RFC 2104).

    AES-CMAC is the fastest by far; ``hmac-sha256`` is there to match another system, ``hmac-sm3`` where Chinese
    commercial cryptography is asked for. There is no hash without a key: an unkeyed hash of a mobile number is undone
    by trying all of them. The value is hashed as text in one spelling (`beam_deid.transforms.columns.canonical_text`),
    so that a number has one hash whatever type it came in. Null stays null, empty text empty. Cut to n bytes, two of m
    values collide with a chance of about m² / 2^(8 n + 1).
    """

    name: ClassVar[str] = "hash"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "hash",
            "AES-CMAC under a key (or `algorithm: hmac-sha256`, `hmac-sm3`); equal values stay equal within a domain",
            "`keyed`",
            "no",
        ),
    )
    normalizes: ClassVar[bool] = True

    algorithm: Literal["aes-cmac", "hmac-sha256", "hmac-sm3"] = Field("aes-cmac", description="The keyed hash")
    encoding: Literal["hex", "base64url"] = Field("hex", description="How the hash is written; base64url unpadded")
    length: int | None = Field(
        None, ge=LEAST_BYTES, le=32, description="Bytes of an HMAC that are kept, 16 to 32; all if not given"
    )

    @property
    def use(self) -> str:
        """The algorithm is part of it."""
        return f"hash/{self.algorithm}"

    def check(self, target: Target) -> str | None:
        """Whether the hash has as many bytes as are to be kept."""
        size = _KINDS[self.algorithm].size
        if self.length is not None and self.length > size:
            return f"{_SPELT[self.algorithm]} has {size} bytes, so length cannot be {self.length}"
        return None

    def sentence(self, target: Target) -> str:
        """That the value is hashed, and in which domain."""
        cut = "" if self.length is None else f", cut to {self.length} bytes"
        return (
            f"{target.field} is replaced by {_SPELT[self.algorithm]} under a key, domain {self.domain_of(target)}{cut}"
        )

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        hashed = self._hash(target, keys)
        encoding = self.encoding
        length = self.length
        spread = per_value if hashed.per_value else per_distinct

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(spread(column, lambda values: _hashes(canonical_text(values), hashed, encoding, length)))

        return bound

    def _hash(self, target: Target, keys: KeySource) -> KeyedHash:
        kind: type[KeyedHash] = _KINDS[self.algorithm]
        return kind(self.subkey(target, keys).bytes)  # type: ignore[call-arg]


def _hashes(texts: pa.Array, hashed: KeyedHash, encoding: str, length: int | None) -> pa.Array:
    if len(texts) == 0:
        return pa.array([], pa.string())
    cut = np.ascontiguousarray(hashed.digests(texts)[:, :length])
    written = matrix_column(_hex(cut) if encoding == "hex" else to_base64(cut), pa.string())
    return pc.if_else(pc.equal(texts, ""), "", written)


def _hex(digests: Digests) -> Digests:
    return np.frombuffer(digests.tobytes().hex().encode(), dtype=np.uint8).reshape(len(digests), -1)
