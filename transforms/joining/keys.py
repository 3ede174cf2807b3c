"""Keys of tables as fingerprints: a foreign key and the key that it refers to have equal ones."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.recognisers.kinds.text import TEXT

_EXACT = float(2**63)


class KeyPrints(NamedTuple):
    """The keys of some rows: 128 bits each, so that two keys meet by chance in no table that there is.

    Attributes:
        first: One half, shape (n,), uint64.
        second: The other, shape (n,), uint64.
        there: Whether the row has a key, shape (n,).
    """

    first: Fingerprints
    second: Fingerprints
    there: Bools


class KeyPrinter:
    """Turns columns of keys into fingerprints under secrets of its own, which no other has."""

    def __init__(self) -> None:
        self._first = FingerprintKey.new()
        self._second = FingerprintKey.new()

    def prints(self, column: pa.Array) -> KeyPrints:
        """Turn a column (n,) of any type into fingerprints: of numbers by value, of all else by text."""
        texts = key_texts(column)
        there = texts.is_valid().to_numpy(zero_copy_only=False)
        return KeyPrints(fingerprint(texts, self._first), fingerprint(texts, self._second), there)


def key_texts(column: pa.Array) -> pa.Array:
    """Keys as texts (n,), null where there is none: a null, or an empty text."""
    values = plain(column)
    if pa.types.is_floating(values.type):
        values = _whole(values.cast(pa.float64()))
    texts, _ = to_kind(values, TEXT)
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _whole(values: pa.Array) -> pa.Array:
    """Numbers (n,) as texts; whole ones without a point, as a column of integers with nulls comes from some tools."""
    there = pc.if_else(pc.is_nan(values), None, values)
    whole = pc.and_(pc.equal(pc.floor(there), there), pc.less(pc.abs(there), _EXACT)).fill_null(False)
    digits = pc.if_else(whole, there, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.coalesce(digits, there.cast(pa.string()))
