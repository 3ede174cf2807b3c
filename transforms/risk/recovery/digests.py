"""Unkeyed hashes are brute-forced: candidate values are hashed in common ways and looked up in a column.

A text that has the form of a digest is known by 64 bits of it. Of t tries and n digests one meets another's by chance with
about t·n/2⁶⁴: 5e-8 for a million of each.
"""

import hashlib
import hmac
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SM3, Hash

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.recovery.domains import Domain

Digest = Callable[[bytes], bytes]

MOST_KEPT = 1_000_000
TRIES = 200_000
WEAK_KEYS = (
    b"salt",
    b"key",
    b"secret",
    b"password",
    b"123456",
    b"12345678",
    b"admin",
    b"test",
    b"abc123",
    b"changeme",
    b"0",
    b"1",
)
"""Keys and salts that people write into programs; each is tried before and after the value, and as the key of an HMAC."""

_CALLED = r"(?i)\A\s*(?:(?:0|\\)x|(?:md5|sha-?[0-9]{1,3}|sha3-?[0-9]{3}|sm3|hash|hmac)[:=_-]|\{[a-z0-9-]+\})"
"""What a digest may be called by what stands before it: 0x, md5:, {SHA256}."""
_WEAK_SHARE = 50
_HEX_SIZES = (16, 20, 28, 32, 48, 64)
_SHORT = 8
_LARGEST = max(_HEX_SIZES)


def _sm3(data: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def _plain(name: str) -> Digest:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


_ALGORITHMS: dict[int, dict[str, Digest]] = {
    _SHORT: {
        "md5, middle 16 digits": lambda data: hashlib.md5(data, usedforsecurity=False).digest()[4:12],
        "md5, first 16 digits": lambda data: hashlib.md5(data, usedforsecurity=False).digest()[:8],
    },
    16: {"md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest()},
    20: {"sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest()},
    28: {"sha224": lambda data: hashlib.sha224(data).digest()},
    32: {"sha256": lambda data: hashlib.sha256(data).digest(), "sm3": _sm3, "sha3-256": _plain("sha3_256")},
    48: {"sha384": lambda data: hashlib.sha384(data).digest()},
    64: {"sha512": lambda data: hashlib.sha512(data).digest(), "sha3-512": _plain("sha3_512")},
}
_HMACS = {16: "md5", 20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}


@dataclass
class Digests:
    """The values of one column that have the form of a digest; mergeable.

    Attributes:
        values: Distinct values that were looked at.
        found: Of these, how many have the form of a digest, by its size in bytes.
        heads: Eight bytes of each digest, by size: ascending, at most `MOST_KEPT`, shape (m,).
    """

    values: int = 0
    found: Counter[int] = field(default_factory=Counter)
    heads: dict[int, Fingerprints] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: pa.Array) -> "Digests":
        """Look at distinct texts, shape (n,), none of them null."""
        digests = cls(len(texts))
        texts = pc.replace_substring_regex(texts, _CALLED, "")
        lengths = pc.binary_length(texts)
        for form in _FORMS:
            fitting = texts.filter(pc.is_in(lengths, pa.array(form.lengths, pa.int32())))
            if len(fitting) == 0:
                continue
            for pattern in form.patterns:
                fitting = fitting.filter(pc.match_substring_regex(fitting, pattern))
            sizes = pc.binary_length(fitting).to_numpy()
            for length, size in zip(form.lengths, form.sizes, strict=True):
                some = fitting.filter(pa.array(sizes == length))
                if len(some):
                    digests.found[size] += len(some)
                    digests.heads[size] = _joined([digests.heads.get(size, _NONE), form.heads(some)])
        return digests

    @classmethod
    def merge(cls, parts: Sequence["Digests"]) -> "Digests":
        """All parts together; associative. A value that two parts have is counted twice."""
        sizes = dict.fromkeys(size for part in parts for size in part.heads)
        heads = {size: _joined([part.heads[size] for part in parts if size in part.heads]) for size in sizes}
        return cls(sum(part.values for part in parts), sum((part.found for part in parts), Counter()), heads)

    @property
    def suspicious(self) -> bool:
        """Whether the column holds digests of a size that nothing but a digest has, or many short ones."""
        whole = sum(count for size, count in self.found.items() if size != _SHORT)
        return bool(whole) or self.found[_SHORT] > self.values / 2


@dataclass(frozen=True)
class Broken:
    """The result of brute-forcing the digests of one column.

    Attributes:
        digests: Distinct digests that were attacked.
        recovered: Of these, how many were recovered.
        share: The same as a share.
        algorithm: What made them, where any was recovered.
        domain: What they are digests of, likewise.
        tries: Values that were hashed, with all algorithms together.
        expected: Share that trying the whole domain would recover, where a sample of it was tried; else ``share``.
    """

    digests: int
    recovered: int
    share: float
    algorithm: str | None
    domain: str | None
    tries: int
    expected: float


def attack(digests: Digests, domains: Iterable[Domain], tries: int = TRIES) -> Broken:
    """Brute-force the digests of a column.

    Every domain is tried with every algorithm of the digests' sizes, and a part of it with weak keys and salts; the
    algorithm and the domain that recover most are told.

    Args:
        digests: The column.
        domains: Where values may come from.
        tries: Most values of a domain that are tried.
    """
    total = sum(map(len, digests.heads.values()))
    best = Broken(total, 0, 0.0, None, None, 0, 0.0)
    tried = 0
    for domain, (size, heads) in itertools.product(domains, digests.heads.items()):
        weak = _weak(size)
        few = _hits(domain, weak, tries // _WEAK_SHARE, heads)
        likely = {name: weak[name] for name, (hits, _) in few.items() if hits}
        for name, (hits, number) in _hits(domain, _ALGORITHMS[size] | likely, tries, heads).items():
            tried += number
            if hits > best.recovered:
                # Of a sample, as many times more are to be expected as the domain is larger.
                more = 1.0 if number >= domain.size else domain.size / number
                best = Broken(total, hits, hits / total, name, domain.name, 0, min(1.0, hits / total * more))
        tried += sum(number for _, number in few.values())
        if best.recovered == total:
            break
    return replace(best, tries=tried)


def _hits(domain: Domain, variants: dict[str, Digest], tries: int, heads: Fingerprints) -> dict[str, tuple[int, int]]:
    """How many digests each variant recovers from a domain, and how many values it took."""
    met = {name: np.zeros(len(heads), bool) for name in variants}
    number = 0
    for block in domain.blocks(tries):
        number += len(block)
        for name, digest in variants.items():
            _look(heads, met[name], map(digest, block))
    return {name: (int(those.sum()), number) for name, those in met.items()}


def _look(heads: Fingerprints, met: npt.NDArray[np.bool_], digests: Iterable[bytes]) -> None:
    """Mark the digests, by their ascending ``heads``, that are among ``digests``."""
    tried = np.frombuffer(b"".join(digest[:8] for digest in digests), ">u8").astype(np.uint64)
    place = np.minimum(np.searchsorted(heads, tried), len(heads) - 1)
    met[place[heads[place] == tried]] = True


def _weak(size: int) -> dict[str, Digest]:
    """Every algorithm of a size with every weak key, as a salt before or after the value and as the key of an HMAC."""
    found: dict[str, Digest] = {}
    for key in WEAK_KEYS:
        for name, digest in _ALGORITHMS.get(size, {}).items():
            found[f"{name} with a common salt before it ({key.decode()})"] = lambda data, d=digest, k=key: d(k + data)  # type: ignore[misc]
            found[f"{name} with a common salt behind it ({key.decode()})"] = lambda data, d=digest, k=key: d(data + k)  # type: ignore[misc]
        if size in _HMACS:
            found[f"hmac-{_HMACS[size]} with a common key ({key.decode()})"] = (
                lambda data, k=key, h=_HMACS[size]: hmac.digest(k, data, h)  # type: ignore[misc]
            )
    return found


_NONE = np.empty(0, np.uint64)


def _joined(parts: Sequence[Fingerprints]) -> Fingerprints:
    return np.unique(np.concatenate(parts))[:MOST_KEPT]


@dataclass(frozen=True)
class _Form:
    """A way to write digests: texts of these lengths that match all patterns, for digests of these sizes in bytes."""

    lengths: tuple[int, ...]
    sizes: tuple[int, ...]
    patterns: tuple[str, ...]
    alphabet: str
    bits: int

    def heads(self, texts: pa.Array) -> Fingerprints:
        """The first eight bytes of each digest of one length, big-endian, shape (n,)."""
        taken = 64 // self.bits + bool(64 % self.bits)
        cut = pc.utf8_slice_codeunits(texts, 0, taken)
        characters = np.frombuffer("".join(cut.to_pylist()).encode(), np.uint8).reshape(len(texts), taken)
        values = _LOOK_UP[self.alphabet][characters].astype(np.uint64)
        heads = np.zeros(len(texts), np.uint64)
        spare = taken * self.bits - 64
        for place in range(taken - 1):
            heads = (heads << np.uint64(self.bits)) | values[:, place]
        return (heads << np.uint64(self.bits - spare)) | (values[:, taken - 1] >> np.uint64(spare))


_HEX = "0123456789abcdef"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _look_up(alphabet: str) -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for value, character in enumerate(alphabet):
        table[ord(character)] = table[ord(character.upper() if alphabet is _HEX else character)] = value
    if alphabet is _BASE64:
        table[ord("-")] = 62
        table[ord("_")] = 63
    return table


_LOOK_UP = {_HEX: _look_up(_HEX), _BASE64: _look_up(_BASE64)}
_FORMS = (
    _Form(tuple(2 * s for s in (_SHORT, *_HEX_SIZES)), (_SHORT, *_HEX_SIZES), ("^(?:[0-9a-f]+|[0-9A-F]+)$",), _HEX, 4),
    _Form(
        tuple(4 * -(-s // 3) for s in _HEX_SIZES if s % 3),
        tuple(s for s in _HEX_SIZES if s % 3),
        ("^[A-Za-z0-9+/_-]+={1,2}$",),
        _BASE64,
        6,
    ),
    # Without its padding a text is base64 by the sight of it: all that a random one of this length has.
    _Form((43, 86), (32, 64), ("^[A-Za-z0-9+/_-]+$", "[A-Z]", "[a-z]", "[0-9]"), _BASE64, 6),
)
