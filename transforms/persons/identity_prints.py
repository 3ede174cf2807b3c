"""The fingerprints by which persons are in a set: of their identities, spelt as the label rule spells them."""

import hmac
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.fingerprint import FingerprintKey, wide_fingerprint
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.kinds.kind import Kind


class IdentityPrints(NamedTuple):
    """Fingerprints of the identities of n rows.

    Attributes:
        words: Shape (n, 2), dtype uint64; arbitrary where nobody is named.
        known: Which rows name somebody, shape (n,).
    """

    words: Words
    known: Bools


def set_key(key: FingerprintKey) -> FingerprintKey:
    """The key of fingerprints in sets of persons, which follows from that of a run or a register and is unrelated to it."""
    return FingerprintKey(hmac.digest(key.secret, b"beam-deid/sets of persons", "sha256"))


def identity_prints(column: pa.Array, kind: Kind | None, key: FingerprintKey) -> IdentityPrints:
    """Fingerprints of identities: equal for all spellings of one, and the same whatever field they are in.

    Args:
        column: Of any scalar type, plain or dictionary-encoded, shape (n,).
        kind: What it holds, if declared.
        key: See `set_key`.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray) and len(column.dictionary):
        return _taken(identity_prints(column.dictionary, kind, key), column.indices)
    texts = identity_text(column, kind)
    return IdentityPrints(wide_fingerprint(texts, key), _there(texts))


def text_prints(texts: pa.Array, key: FingerprintKey) -> IdentityPrints:
    """Fingerprints of what stands for persons and has one spelling alone, as a hash; nobody where it is null or empty.

    Args:
        texts: A column of text, plain or dictionary-encoded, shape (n,).
        key: See `set_key`.
    """
    if isinstance(texts, pa.DictionaryArray) and len(texts.dictionary):
        return _taken(text_prints(texts.dictionary, key), texts.indices)
    found = plain(texts)
    return IdentityPrints(wide_fingerprint(found, key), _there(pc.if_else(pc.equal(found, ""), None, found)))


def _taken(of_dictionary: IdentityPrints, indices: pa.Array) -> IdentityPrints:
    codes = indices.fill_null(0).to_numpy(zero_copy_only=False)
    return IdentityPrints(of_dictionary.words[codes], of_dictionary.known[codes] & _there(indices))


def _there(column: pa.Array) -> Bools:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
