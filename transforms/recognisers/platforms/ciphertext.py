"""Platform ciphertext taken apart: separator, form, index, cipher, version; whose it is and what is in it.

The grammar is that of Taobao's SecurityUtil, which the others copied: a separator (one of ``~ $ #`` or the byte 1), cipher and
index in base64 between separators, a key version, one or two separators at the end. JD writes bare base64 instead.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.recognisers.platforms.catalogue import UNKNOWN, Ciphertext, platforms

SEPARATORS = "~$#\x01"
_CIPHER = "[A-Za-z0-9+/=_&-]{16,}"
_PART = "[A-Za-z0-9+/=_&-]{4,}"
_VERSION = "-?[0-9]{1,4}"
_HEAD = 16  # characters that are decoded, 12 bytes

PARSED = pa.schema(
    [
        ("form", pa.string()),
        ("index", pa.string()),
        ("cipher", pa.string()),
        ("version", pa.string()),
        ("platform", pa.string()),
        ("holds", pa.string()),
    ]
)
"""Columns of what `parse` gives. ``form`` is no_index, prefix, cipher_index, index_cipher, empty_index or bare."""

_SIX = np.zeros(256, np.uint8)
_SIX[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] = np.arange(64)
_SIX[list(b"-_")] = 62, 63


def forms(separator: str) -> tuple[tuple[str, str], ...]:
    """The forms that a separator's ciphertexts have, with their patterns in RE2, in the order in which they are tried."""
    s = re.escape(separator)
    two = rf"\A{s}(?P<first>{_PART}){s}(?P<second>{_PART}){s}(?P<version>{_VERSION}){s}{{1,2}}\z"
    return (
        ("no_index", rf"\A{s}(?P<cipher>{_CIPHER}){s}(?P<version>{_VERSION}){s}\z"),
        ("empty_index", rf"\A{s}{s}(?P<cipher>{_CIPHER}){s}(?P<version>{_VERSION}){s}{{1,2}}\z"),
        ("prefix", rf"\A{s}(?P<index>[0-9]{{1,8}}){s}(?P<cipher>{_CIPHER}){s}(?P<version>{_VERSION}){s}\z"),
        ("two", two),
    )


@dataclass
class _Found:
    """The rows of a column whose texts are ciphertexts of one form, with their parts."""

    rows: npt.NDArray[np.int64]
    form: pa.Array
    index: pa.Array
    cipher: pa.Array
    version: pa.Array
    separator: str


def parse(texts: pa.Array) -> pa.RecordBatch:
    """Take ciphertexts apart, wherever a text is one and nothing else.

    Args:
        texts: Shape (n,), strings.

    Returns:
        A batch of `PARSED`, n rows; all null where a text is no ciphertext. ``platform`` is `UNKNOWN` where no signature fits,
        ``holds`` null where nothing says what is in it.
    """
    columns = {name: np.full(len(texts), None, object) for name in PARSED.names}
    for found in (*_separated(texts), *_bare(texts)):
        whose, holds = _whose(found)
        parts = (found.form, found.index, found.cipher, found.version, whose, holds)
        for name, values in zip(PARSED.names, parts, strict=True):
            columns[name][found.rows] = (
                values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values
            )
    return pa.RecordBatch.from_arrays([pa.array(columns[name], pa.string()) for name in PARSED.names], schema=PARSED)


def _separated(texts: pa.Array) -> list[_Found]:
    found = []
    first = pc.utf8_slice_codeunits(texts, 0, 1)
    for separator in SEPARATORS:
        rows = np.flatnonzero(pc.equal(first, separator).fill_null(False).to_numpy(zero_copy_only=False))
        for form, pattern in forms(separator):
            if not len(rows):
                break
            parts = pc.extract_regex(texts.take(pa.array(rows)), pattern)
            there = parts.is_valid().to_numpy(zero_copy_only=False)
            if there.any():
                found.append(_form(form, rows[there], parts.filter(pa.array(there)), separator))
                rows = rows[~there]
    return found


def _form(form: str, rows: npt.NDArray[np.int64], parts: pa.Array, separator: str) -> _Found:
    version = pc.struct_field(parts, "version")
    names = [parts.type.field(n).name for n in range(parts.type.num_fields)]
    if "first" not in names:
        index = pc.struct_field(parts, "index") if "index" in names else pa.nulls(len(rows), pa.string())
        return _Found(rows, pa.repeat(form, len(rows)), index, pc.struct_field(parts, "cipher"), version, separator)
    first = pc.struct_field(parts, "first")
    second = pc.struct_field(parts, "second")
    # A phone's index comes first and is short; a name's comes last and is shorter than its cipher.
    ahead = pc.and_(pc.greater(pc.binary_length(first), pc.binary_length(second)), separator == "~")
    for signs in {rule.starts for _, rule in _rules() if rule.starts}:
        ahead = pc.or_(pc.and_not(ahead, pc.starts_with(second, signs)), pc.starts_with(first, signs))
    return _Found(
        rows,
        pc.if_else(ahead, "cipher_index", "index_cipher"),
        pc.if_else(ahead, second, first),
        pc.if_else(ahead, first, second),
        version,
        separator,
    )


def _bare(texts: pa.Array) -> list[_Found]:
    found = []
    for pattern in dict.fromkeys(rule.pattern for _, rule in _rules() if rule.pattern):
        fits = pc.match_substring_regex(texts, rf"\A(?:{pattern})\z").fill_null(False)
        rows = np.flatnonzero(fits.to_numpy(zero_copy_only=False))
        if len(rows):
            nothing = pa.nulls(len(rows), pa.string())
            found.append(_Found(rows, pa.repeat("bare", len(rows)), nothing, texts.filter(fits), nothing, ""))
    return found


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[str, Ciphertext], ...]:
    """All rules with their platform: those with a signature first."""
    rules = [(one.name, rule) for one in platforms().values() for rule in one.ciphertext]
    return tuple(sorted(rules, key=lambda pair: not pair[1].signed))


def signatures() -> tuple[str, ...]:
    """What ciphers of known platforms begin with or contain."""
    return tuple(dict.fromkeys(text for _, rule in _rules() for text in (rule.starts, rule.contains) if text))


def rule_of(name: str, separator: str) -> Ciphertext | None:
    """How a platform writes ciphertext with a separator; None if it does not."""
    one = platforms().get(name)
    return next((rule for rule in one.ciphertext if separator in rule.separators), None) if one else None


def _whose(found: _Found) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    whose = np.full(len(found.rows), UNKNOWN, object)
    holds = np.full(len(found.rows), None, object)
    left = np.ones(len(found.rows), bool)
    head: npt.NDArray[np.uint8] | None = None
    for name, rule in _rules():
        if (found.separator not in rule.separators) if found.separator else not rule.pattern:
            continue
        fits = left.copy()
        if rule.pattern:
            fits &= _mask(pc.match_substring_regex(found.cipher, rf"\A(?:{rule.pattern})\z"))
        if rule.starts:
            fits &= _mask(pc.starts_with(found.cipher, rule.starts))
        if rule.contains:
            fits &= _mask(pc.match_substring(found.cipher, rule.contains))
        if rule.index_bytes:
            fits &= _twins(found.index, found.cipher, rule.index_bytes)
        if rule.first_bytes or rule.types:
            head = _decoded(found.cipher) if head is None else head
            wanted = np.frombuffer(bytes.fromhex(rule.first_bytes), np.uint8)
            fits &= (head[:, : len(wanted)] == wanted).all(axis=1)
        if fits.any():
            whose[fits] = name
            left = left & ~fits
            holds[fits] = _holds(rule, found, head, fits)
    return whose, holds


def _holds(rule: Ciphertext, found: _Found, head: npt.NDArray[np.uint8] | None, fits: Bools) -> npt.NDArray[np.object_]:
    said = np.full(int(fits.sum()), rule.by_separator.get(found.separator) or rule.holds or None, object)
    for version, what in rule.by_version.items():
        said[_mask(pc.equal(found.version, str(version)))[fits]] = what
    if rule.type_at is not None and head is not None:
        for byte, what in rule.types.items():
            said[(head[:, rule.type_at] == byte)[fits]] = what
    if rule.joined:
        said[_mask(pc.match_substring(found.cipher, "&"))[fits]] = rule.joined
    return said


def _twins(index: pa.Array, cipher: pa.Array, size: int) -> Bools:
    width = size * 8 // 6
    same = pc.equal(pc.utf8_slice_codeunits(index, 0, width), pc.utf8_slice_codeunits(cipher, 0, width))
    return _mask(pc.and_(same, pc.greater_equal(pc.binary_length(index), width)))


def _decoded(ciphers: pa.Array) -> npt.NDArray[np.uint8]:
    """The first twelve bytes of base64 texts, shape (n, 12)."""
    heads = np.zeros((len(ciphers), _HEAD), np.uint8)
    for group in by_size(pc.utf8_slice_codeunits(ciphers, 0, _HEAD)):
        heads[group.rows[:, None], np.arange(group.size)] = group.bytes
    six = _SIX[heads].reshape(len(ciphers), -1, 4)
    whole = (six.astype(np.uint32) << np.array([18, 12, 6, 0], np.uint32)).sum(axis=2)
    return np.stack([whole >> 16, whole >> 8, whole], axis=2).astype(np.uint8).reshape(len(ciphers), -1)


def _mask(values: pa.Array) -> Bools:
    return np.asarray(values.fill_null(False).to_numpy(zero_copy_only=False))
