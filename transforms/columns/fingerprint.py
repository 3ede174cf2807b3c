"""Columns as 64-bit fingerprints under a secret key: equal values have equal fingerprints, and nobody can choose a collision.

Histograms and joins only need to know whether values are equal. There a fingerprint stands for the value, so that no raw
value crosses a stage boundary and a combination of any number of fields is one integer.

The label relies on this, and the author of the data may have an interest in the label. Each value is therefore encrypted with
AES under a random key that is made for one run and never shown: a short value and its class are one block (FIPS 197), a longer
one goes through CMAC (NIST SP 800-38B), and half of the result is the fingerprint. Without the key, two values with the same
fingerprint can only be met by chance, which for n values has probability n²/2⁶⁵ (3e-8 for a million). Fingerprints under
different keys are unrelated.
"""

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.aes import Aes
from beam_deid.transforms.columns.blocks import LONGEST, SLICE, ValueClass, class_tag, string_blocks, word_fingerprints
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.sizes import Rows, Words

Fingerprints = npt.NDArray[np.uint64]
_LEAST_SECRET = 16
_MOST = np.uint64((1 << 63) - 1)
_DAY = 86_400_000
"""Milliseconds of a day."""
_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}
_DECIMAL_BITS = 128


class Subkeys(NamedTuple):
    """AES keys of 16 bytes each, one for every way in which a value is turned into a fingerprint.

    Attributes:
        short: For values that fit into one block.
        texts: For longer texts.
        binaries: For longer byte strings.
        decimals: For decimals that do not fit into 64 bits.
    """

    short: bytes
    texts: bytes
    binaries: bytes
    decimals: bytes


@dataclass(frozen=True, repr=False)
class FingerprintKey:
    """The secret key of one run's fingerprints. Its `repr` hides the bytes; a pickle of it contains them.

    Args:
        secret: At least 16 random bytes.

    Raises:
        ValueError: The secret has fewer than 16 bytes.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET:
            raise ValueError(f"a key of fingerprints has at least {_LEAST_SECRET} bytes")

    @classmethod
    def new(cls) -> "FingerprintKey":
        """Create a key from fresh random bytes."""
        return cls(secrets.token_bytes(2 * _LEAST_SECRET))

    def __repr__(self) -> str:
        return "<FingerprintKey>"

    def __reduce__(self) -> tuple[type["FingerprintKey"], tuple[bytes]]:
        return FingerprintKey, (self.secret,)  # without the cached keys that were derived from it

    @cached_property
    def null(self) -> np.uint64:
        """The fingerprint of null."""
        return np.uint64(word_fingerprints(self.subkeys.short, np.zeros(1, np.uint64), class_tag(ValueClass.NULL))[0])

    @cached_property
    def subkeys(self) -> "Subkeys":
        """The AES keys that are derived from the secret."""
        derived = hmac.digest(self.secret, b"beam-deid/fingerprints", "sha512")
        return Subkeys(derived[:16], derived[16:32], derived[32:48], derived[48:])


def fingerprint(column: pa.Array | pa.ChunkedArray, key: FingerprintKey) -> Fingerprints:
    """Compute the fingerprints of a column.

    Two fingerprints are equal if and only if the values are, but for chance. Texts are compared by their UTF-8 bytes, byte
    strings by their bytes, integers by value whatever their width, floating-point numbers by their bits as float64 (so -0.0
    differs from 0.0, and a NaN equals itself), decimals by digits and scale as written, and times by value in microseconds or,
    where they are finer, nanoseconds. Values of different classes are never equal. A dictionary column and a plain one give the
    same fingerprints. The fingerprint of null is `FingerprintKey.null`.

    Args:
        column: Any column, shape (n,). A value of any other type is compared by its text.
        key: The run's key.

    Returns:
        The fingerprints, shape (n,), dtype uint64.

    Raises:
        pyarrow.ArrowNotImplementedError: Values of this type cannot be cast to text.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), key.null, np.uint64)
    if pa.types.is_dictionary(kind):
        if len(column.dictionary) == 0:
            return np.full(len(column), key.null, np.uint64)
        indices = column.indices.fill_null(0) if column.null_count else column.indices
        keys = np.asarray(fingerprint(column.dictionary, key)[indices.to_numpy(zero_copy_only=False)])
    else:
        found = _keys(column, key)
        if found is None:
            return fingerprint(pc.cast(column, pa.string()), key)
        keys = found
    if column.null_count:
        keys[pc.is_null(column).to_numpy(zero_copy_only=False)] = key.null
    return keys


def wide_fingerprint(texts: pa.Array, key: FingerprintKey) -> Words:
    """Compute fingerprints of 128 bits, of which even many millions never meet by chance.

    Args:
        texts: A ``string`` column without a dictionary, shape (n,).
        key: The key.

    Returns:
        The fingerprints, shape (n, 2), dtype uint64; their first half is `fingerprint`'s. Arbitrary where a text is null.
    """
    if len(texts) == 0:
        return np.empty((0, 2), np.uint64)
    return _string_blocks(texts, key, ValueClass.TEXT, 2)


def _keys(column: pa.Array, key: FingerprintKey) -> Fingerprints | None:
    """Fingerprints of a plain column (n,), arbitrary where it is null; None for a type that belongs to no class."""
    kind = column.type
    types = pa.types
    if len(column) == 0:
        return np.empty(0, np.uint64)
    if types.is_string(kind) or types.is_large_string(kind):
        return _strings(column, key, ValueClass.TEXT)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return _strings(column, key, ValueClass.BYTES)
    if types.is_string_view(kind):
        return _strings(column.cast(pa.large_string()), key, ValueClass.TEXT)
    if types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        return _strings(column.cast(pa.large_binary()), key, ValueClass.BYTES)
    if types.is_integer(kind):
        return _integers(column, key)
    if types.is_floating(kind):
        floats = _raw(column).astype(np.float64, copy=False)
        return word_fingerprints(key.subkeys.short, floats.view(np.uint64), class_tag(ValueClass.FLOAT))
    if types.is_boolean(kind):
        bits = _raw(column.cast(pa.uint8())).astype(np.uint64)
        return word_fingerprints(key.subkeys.short, bits, class_tag(ValueClass.BOOLEAN))
    if types.is_decimal(kind):
        return _decimals(column, key)
    if types.is_temporal(kind):
        return _times(column, key)
    return None


def _integers(column: pa.Array, key: FingerprintKey) -> Fingerprints:
    values = _raw(column)
    # Only uint64 reaches beyond int64; without a class of their own such values would equal negative integers.
    if values.dtype == np.uint64 and values.max() > _MOST:
        tags = np.where(values > _MOST, class_tag(ValueClass.LARGE_INTEGER), class_tag(ValueClass.INTEGER))
        return word_fingerprints(key.subkeys.short, values, tags)
    return word_fingerprints(key.subkeys.short, _words(values), class_tag(ValueClass.INTEGER))


def _times(column: pa.Array, key: FingerprintKey) -> Fingerprints | None:
    """Dates count in days, times in microseconds; nanoseconds below that go into the tag beside the class."""
    kind = column.type
    types = pa.types
    if types.is_date(kind):
        which = ValueClass.DATE
        per = 1 if types.is_date32(kind) else _DAY
    elif types.is_time(kind) or types.is_timestamp(kind) or types.is_duration(kind):
        moment = types.is_timestamp(kind)
        which = ValueClass.TIME if types.is_time(kind) else ValueClass.DURATION
        which = (ValueClass.MOMENT if kind.tz is None else ValueClass.ZONED_MOMENT) if moment else which
        per = 1000 if kind.unit == "ns" else 1
    else:
        return None
    values = _raw(column).astype(np.int64, copy=False)
    tag = class_tag(which)
    if per > 1:
        whole, rest = np.divmod(values, per)
        return word_fingerprints(key.subkeys.short, _words(whole), tag | _words(rest))
    factor = 1 if which is ValueClass.DATE else _MICROSECONDS[kind.unit]
    if factor == 1:
        return word_fingerprints(key.subkeys.short, _words(values), tag)
    most = int(_MOST) // factor
    near = (values <= most) & (values >= -most)
    if near.all():
        return word_fingerprints(key.subkeys.short, _words(values * factor), tag)
    # A moment too far from 1970 to be counted in microseconds keeps its own unit, which its tag then names.
    scaled = values * np.where(near, factor, 1)
    return word_fingerprints(key.subkeys.short, _words(scaled), np.where(near, tag, tag | np.uint64(factor)))


def _decimals(column: pa.Array, key: FingerprintKey) -> Fingerprints:
    """Decimals are compared by unscaled integer and scale; integers of more than 64 bits are hashed, whatever the width."""
    kind = column.type
    if kind.bit_width < _DECIMAL_BITS:
        column = column.cast(pa.decimal128(kind.precision, kind.scale))
    wide = column.type.bit_width // 64
    words = np.frombuffer(column.buffers()[1], "<u8").reshape(-1, wide)[column.offset : column.offset + len(column)]
    tag = class_tag(ValueClass.DECIMAL) | np.uint64(kind.scale & 0xFF)
    low = np.ascontiguousarray(words[:, 0])
    keys = word_fingerprints(key.subkeys.short, low, tag)
    signs = (low.view(np.int64) >> 63).view(np.uint64)  # what the higher words are if the lowest is all
    rows = np.flatnonzero((words[:, 1:] != signs[:, None]).any(axis=1))
    if len(rows):
        whole = np.empty((len(rows), 6), np.uint64)
        whole[:, :4] = (words[rows, -1].view(np.int64) >> 63).view(np.uint64)[:, None]
        whole[:, :wide] = words[rows]
        whole[:, 4] = 0
        whole[:, 5] = tag
        keys[rows] = Cmac(key.subkeys.decimals).tags(whole, 48)[:, 0]
    return keys


def _strings(column: pa.Array, key: FingerprintKey, which: ValueClass) -> Fingerprints:
    return _string_blocks(column, key, which, 1)[:, 0]


def _string_blocks(column: pa.Array, key: FingerprintKey, which: ValueClass, words: int) -> Words:
    """The first words of each string's block (n,), shape (n, words).

    Strings of at most `LONGEST` bytes are one block each, together with their size; longer ones are hashed by CMAC.
    """
    length = len(column)
    kind = column.type
    large = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    _, offsets_buffer, data_buffer = column.buffers()
    ends = np.frombuffer(offsets_buffer, np.int64 if large else np.int32)[column.offset : column.offset + length + 1]
    data = np.empty(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, np.uint8)
    sizes = np.diff(ends)
    keys = np.empty((length, words), np.uint64)
    long = np.flatnonzero(sizes > LONGEST)
    aes = Aes(key.subkeys.short)
    for rows in _slices(np.flatnonzero(sizes <= LONGEST), length):
        starts = ends[:-1][rows]
        part = data[starts[0] : starts[-1] + LONGEST]
        keys[rows] = aes(string_blocks(part, starts - starts[0], sizes[rows], which))[:, :words]
    if len(long):
        cmac = Cmac(key.subkeys.texts if which is ValueClass.TEXT else key.subkeys.binaries)
        texts = column if len(long) == length else column.take(pa.array(long))
        keys[long] = cmac.digests(texts).view("<u8")[:, :words]
    return keys


def _slices(rows: Rows, length: int) -> Iterator[Rows | slice]:
    """Rows (m,) of as many as ``length``, `SLICE` at a time: as a slice, which copies nothing, where no row is left out."""
    for begin in range(0, len(rows), SLICE):
        end = begin + SLICE
        yield slice(begin, end) if len(rows) == length else rows[begin:end]


def _words(values: npt.NDArray[np.signedinteger]) -> Words:
    """Integers as 64-bit words in two's complement."""
    return values.astype(np.int64, copy=False).view(np.uint64)


def _raw(column: pa.Array) -> npt.NDArray[Any]:
    """The buffer of a fixed-width column as an array, shape (n,); arbitrary where the column is null."""
    kind = column.type
    data = column.buffers()[1]
    # Not kind.to_pandas_dtype(): that needs pandas, which no one who installs this package need have.
    letter = "f" if pa.types.is_floating(kind) else "u" if pa.types.is_unsigned_integer(kind) else "i"
    dtype = np.dtype(f"{letter}{kind.bit_width // 8}")
    if data is None:
        return np.zeros(len(column), dtype)
    return np.frombuffer(data, dtype)[column.offset : column.offset + len(column)]
