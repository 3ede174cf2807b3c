"""Columns as 64-bit fingerprints under a secret key: equal values, equal fingerprints, and nobody can choose otherwise.

Histograms and joins need to know only whether values are equal. A fingerprint stands for a value there, so that no
raw value crosses a stage boundary and a combination of any number of fields is one integer.

A label rests on that, and whoever writes the values may want to be given a label. So a value is put through AES under a
key that is made for one run and that nobody sees: a short value and its class are one block (FIPS 197), a longer one goes
through CMAC (NIST SP 800-38B), and half of the result is the fingerprint. Without the key, nobody can find two values with
one fingerprint but by chance, which of n values is about n²/2⁶⁵ (3e-8 for a million). Fingerprints of two keys have nothing
in common.

Fingerprints are combined, and scrambled where need be, by splitmix64's finalizer (Steele, Lea, Flood: Fast splittable
pseudorandom number generators, OOPSLA 2014). That is no cryptography, and need not be: what goes in is already secret.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.aes import Aes
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.sizes import Bytes, Rows, Words

Fingerprints = npt.NDArray[np.uint64]
Result = TypeVar("Result")

_START = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_MANY = 1 << 18
"""From so many keys on they are sorted by two threads."""
_SLICE = 1 << 14
"""Rows that are mixed together, so that they stay in the processor's cache."""
_TAIL = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], dtype=np.uint64)
_LEAST_SECRET = 16
_SHORT = 15
"""Most bytes of a string that is one block: the last byte is for its size and class."""
_MOST = np.uint64((1 << 63) - 1)
_DAY = 86_400_000
"""Milliseconds of a day."""
_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}
_DECIMAL_BITS = 128


def mix(keys: Fingerprints) -> Fingerprints:
    """Scramble uint64 keys, shape (n,), in place; a bijection. Returns ``keys``."""
    scratch = np.empty(min(len(keys), _SLICE), np.uint64)
    for begin in range(0, len(keys), _SLICE):
        _mix(keys[begin : begin + _SLICE], scratch)
    return keys


def _mix(keys: Fingerprints, scratch: Fingerprints) -> None:
    scratch = scratch[: len(keys)]
    np.right_shift(keys, np.uint64(30), out=scratch)
    keys ^= scratch
    keys *= _FIRST
    np.right_shift(keys, np.uint64(27), out=scratch)
    keys ^= scratch
    keys *= _SECOND
    np.right_shift(keys, np.uint64(31), out=scratch)
    keys ^= scratch


def combine(columns: Iterable[Fingerprints], length: int) -> Fingerprints:
    """One key per row for a tuple of columns, each of shape (length,). Order matters."""
    keys = np.full(length, _START, dtype=np.uint64)
    columns = tuple(columns)
    scratch = np.empty(min(length, _SLICE), np.uint64)
    for begin in range(0, length, _SLICE):
        part = keys[begin : begin + _SLICE]
        for column in columns:
            part *= _FIRST
            part += column[begin : begin + _SLICE]
            _mix(part, scratch)
    return keys


@dataclass(frozen=True, repr=False)
class FingerprintKey:
    """The secret of one run's fingerprints. It is never shown; whoever pickles it carries its bytes.

    Args:
        secret: At least 16 bytes that nobody can guess.

    Raises:
        ValueError: They are fewer.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET:
            raise ValueError(f"a key of fingerprints has at least {_LEAST_SECRET} bytes")

    @classmethod
    def new(cls) -> "FingerprintKey":
        """A key that nobody has."""
        return cls(secrets.token_bytes(2 * _LEAST_SECRET))

    def __repr__(self) -> str:
        return "<FingerprintKey>"

    def __reduce__(self) -> tuple[type["FingerprintKey"], tuple[bytes]]:
        return FingerprintKey, (self.secret,)  # and nothing that was derived

    @cached_property
    def null(self) -> np.uint64:
        """The fingerprint of null."""
        return np.uint64(_blocks(self, np.zeros(1, np.uint64), _tag(_Class.NULL))[0])

    @cached_property
    def subkeys(self) -> tuple[bytes, bytes, bytes, bytes]:
        """AES keys for values of one block, long texts, long byte strings and long decimals."""
        derived = hmac.digest(self.secret, b"beam-deid/fingerprints", "sha512")
        return derived[:16], derived[16:32], derived[32:48], derived[48:]


class _Class(IntEnum):
    """The last byte of a block: what the value is. A string's has its size in the low four bits."""

    TEXT = 0x00
    BYTES = 0x10
    NULL = 0x20
    INTEGER = 0x21
    LARGE_INTEGER = 0x22
    FLOAT = 0x23
    BOOLEAN = 0x24
    DECIMAL = 0x25
    DATE = 0x26
    TIME = 0x27
    MOMENT = 0x28
    ZONED_MOMENT = 0x29
    DURATION = 0x2A


def fingerprint(column: pa.Array | pa.ChunkedArray, key: FingerprintKey) -> Fingerprints:
    """The fingerprints of a column, shape (n,), dtype uint64.

    Two are equal where the values are: texts by their bytes in UTF-8, byte strings by theirs, whole numbers by value whatever
    their width, floating-point numbers by their bits as 64-bit ones (so -0.0 is not 0.0, and a NaN is itself), decimals by
    digits and scale as written, times by value in microseconds or, below these, nanoseconds. Values of two classes are never
    equal. A dictionary column and a plain one give the same fingerprints. Null is `FingerprintKey.null`.

    Args:
        column: Any column, shape (n,); a type that is none of these is taken by its text.
        key: The run's key.

    Raises:
        pyarrow.ArrowNotImplementedError: Values of that type have no text.
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


def _keys(column: pa.Array, key: FingerprintKey) -> Fingerprints | None:
    """The fingerprints of a plain column (n,), whatever stands for its nulls; None for a type of no class."""
    kind = column.type
    types = pa.types
    if len(column) == 0:
        return np.empty(0, np.uint64)
    if types.is_string(kind) or types.is_large_string(kind):
        return _strings(column, key, _Class.TEXT)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return _strings(column, key, _Class.BYTES)
    if types.is_string_view(kind):
        return _strings(column.cast(pa.large_string()), key, _Class.TEXT)
    if types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        return _strings(column.cast(pa.large_binary()), key, _Class.BYTES)
    if types.is_integer(kind):
        return _integers(column, key)
    if types.is_floating(kind):
        return _blocks(key, _raw(column).astype(np.float64, copy=False).view(np.uint64), _tag(_Class.FLOAT))
    if types.is_boolean(kind):
        return _blocks(key, _raw(column.cast(pa.uint8())).astype(np.uint64), _tag(_Class.BOOLEAN))
    if types.is_decimal(kind):
        return _decimals(column, key)
    if types.is_temporal(kind):
        return _times(column, key)
    return None


def _integers(column: pa.Array, key: FingerprintKey) -> Fingerprints:
    values = _raw(column)
    if values.dtype == np.uint64 and values.max() > _MOST:  # of no other width, and not to be taken for a negative one
        tags = np.where(values > _MOST, _tag(_Class.LARGE_INTEGER), _tag(_Class.INTEGER))
        return _blocks(key, values, tags)
    return _blocks(key, _words(values), _tag(_Class.INTEGER))


def _times(column: pa.Array, key: FingerprintKey) -> Fingerprints | None:
    """Dates in days, times in microseconds; what is below these stands beside the class."""
    kind = column.type
    types = pa.types
    if types.is_date(kind):
        which = _Class.DATE
        per = 1 if types.is_date32(kind) else _DAY
    elif types.is_time(kind) or types.is_timestamp(kind) or types.is_duration(kind):
        moment = types.is_timestamp(kind)
        which = _Class.TIME if types.is_time(kind) else _Class.DURATION
        which = (_Class.MOMENT if kind.tz is None else _Class.ZONED_MOMENT) if moment else which
        per = 1000 if kind.unit == "ns" else 1
    else:
        return None
    values = _raw(column).astype(np.int64, copy=False)
    tag = _tag(which)
    if per > 1:
        whole, rest = np.divmod(values, per)
        return _blocks(key, _words(whole), tag | _words(rest))
    factor = 1 if which is _Class.DATE else _MICROSECONDS[kind.unit]
    if factor == 1:
        return _blocks(key, _words(values), tag)
    most = int(_MOST) // factor
    near = (values <= most) & (values >= -most)
    if near.all():
        return _blocks(key, _words(values * factor), tag)
    # What is further from 1970 than microseconds reach is taken in its own unit.
    scaled = values * np.where(near, factor, 1)
    return _blocks(key, _words(scaled), np.where(near, tag, tag | np.uint64(factor)))


def _decimals(column: pa.Array, key: FingerprintKey) -> Fingerprints:
    """By the whole number that is written, and the scale. What does not fit into one word is hashed, whatever its width."""
    kind = column.type
    if kind.bit_width < _DECIMAL_BITS:
        column = column.cast(pa.decimal128(kind.precision, kind.scale))
    wide = column.type.bit_width // 64
    words = np.frombuffer(column.buffers()[1], "<u8").reshape(-1, wide)[column.offset : column.offset + len(column)]
    tag = _tag(_Class.DECIMAL) | np.uint64(kind.scale & 0xFF)
    low = np.ascontiguousarray(words[:, 0])
    keys = _blocks(key, low, tag)
    signs = (low.view(np.int64) >> 63).view(np.uint64)  # what the higher words are if the lowest is all
    rows = np.flatnonzero((words[:, 1:] != signs[:, None]).any(axis=1))
    if len(rows):
        whole = np.empty((len(rows), 6), np.uint64)
        whole[:, :4] = (words[rows, -1].view(np.int64) >> 63).view(np.uint64)[:, None]
        whole[:, :wide] = words[rows]
        whole[:, 4] = 0
        whole[:, 5] = tag
        keys[rows] = Cmac(key.subkeys[3]).tags(whole, 48)[:, 0]
    return keys


def _strings(column: pa.Array, key: FingerprintKey, which: _Class) -> Fingerprints:
    """Strings of at most 15 bytes are a block each, with their size; longer ones are hashed."""
    length = len(column)
    kind = column.type
    large = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    _, offsets_buffer, data_buffer = column.buffers()
    ends = np.frombuffer(offsets_buffer, np.int64 if large else np.int32)[column.offset : column.offset + length + 1]
    data = np.empty(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, np.uint8)
    sizes = np.diff(ends)
    keys = np.empty(length, np.uint64)
    long = np.flatnonzero(sizes > _SHORT)
    if len(long) < length:
        aes = Aes(key.subkeys[0])
        for begin in range(0, length, _SLICE):
            part = ends[begin : begin + _SLICE + 1]
            blocks = _short(data[part[0] : part[-1]], part[:-1] - part[0], sizes[begin : begin + _SLICE], which)
            keys[begin : begin + _SLICE] = aes(blocks)[:, 0]
    if len(long):
        cmac = Cmac(key.subkeys[1 if which is _Class.TEXT else 2])
        texts = column if len(long) == length else column.take(pa.array(long))
        keys[long] = cmac.digests(texts).view("<u8")[:, 0]
    return keys


def _short(data: Bytes, starts: Rows, sizes: Rows, which: _Class) -> Words:
    """Strings as blocks, shape (m, 2): their bytes, then zeros, and their size and class at the end.

    Args:
        data: The bytes of all.
        starts: Where each begins, shape (m,).
        sizes: Their sizes, shape (m,); of a longer one the block means nothing.
        which: Their class.
    """
    padded = np.empty(len(data) + 16, np.uint8)
    padded[: len(data)] = data
    padded[len(data) :] = 0
    blocks = np.empty((len(starts), 2), np.uint64)
    size = int(sizes[0])
    if size <= _SHORT and (sizes == size).all():
        for place, left in enumerate((min(size, 8), max(size - 8, 0))):
            read = np.ndarray((len(starts),), "<u8", buffer=padded, offset=8 * place, strides=(size,))
            np.bitwise_and(read, _TAIL[left], out=blocks[:, place])
        blocks[:, 1] |= _tag(which | size)
        return blocks
    # words[i] is the eight bytes that begin at byte i; loads need not be aligned.
    words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
    blocks[:, 0] = words[starts] & _TAIL[np.minimum(sizes, 8)]
    blocks[:, 1] = words[starts + 8] & _TAIL[np.clip(sizes - 8, 0, 7)]
    blocks[:, 1] |= _tags(which)[np.minimum(sizes, _SHORT)]
    return blocks


def _tags(which: _Class) -> Words:
    return np.array([which | size for size in range(_SHORT + 1)], np.uint64) << np.uint64(56)


def _tag(which: int) -> np.uint64:
    """The second word of a block: its last byte says what the first word is."""
    return np.uint64(which << 56)


def _blocks(key: FingerprintKey, words: Words, tags: Words | np.uint64) -> Fingerprints:
    """The fingerprints of values of one word, shape (n,); their class, or classes (n,), is the other half of the block."""
    keys = np.empty(len(words), np.uint64)
    aes = Aes(key.subkeys[0])
    blocks = np.empty((min(len(words), _SLICE), 2), np.uint64)
    for begin in range(0, len(words), _SLICE):
        part = words[begin : begin + _SLICE]
        blocks[: len(part), 0] = part
        blocks[: len(part), 1] = tags[begin : begin + _SLICE] if isinstance(tags, np.ndarray) else tags
        keys[begin : begin + _SLICE] = aes(blocks[: len(part)])[:, 0]
    return keys


def _words(values: npt.NDArray[np.signedinteger]) -> Words:
    """Whole numbers as words, in two's complement."""
    return values.astype(np.int64, copy=False).view(np.uint64)


def _raw(column: pa.Array) -> npt.NDArray[Any]:
    """What stands in a column of fixed width, shape (n,), also where it is null."""
    kind = column.type
    data = column.buffers()[1]
    # Not kind.to_pandas_dtype(): that needs pandas, which no one who installs this package need have.
    letter = "f" if pa.types.is_floating(kind) else "u" if pa.types.is_unsigned_integer(kind) else "i"
    dtype = np.dtype(f"{letter}{kind.bit_width // 8}")
    if data is None:
        return np.zeros(len(column), dtype)
    return np.frombuffer(data, dtype)[column.offset : column.offset + len(column)]


def codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    """Number the distinct keys by first appearance: ``(codes, distinct)`` with ``distinct[codes] == keys``."""
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_numpy()


def first_rows(numbers: npt.NDArray[np.int64], distinct: int) -> npt.NDArray[np.int64]:
    """The first row of each code: ``numbers[first_rows(numbers, d)] == arange(d)``."""
    rows = np.empty(distinct, dtype=np.int64)
    rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1, dtype=np.int64)
    return rows


def ordered_codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    """Number the distinct keys in ascending order, so that a number does not depend on the order of rows."""
    if len(keys) < _MANY:
        return _ordered_codes(keys)
    (low, below), (high, above) = _halves(_ordered_codes, keys)
    numbers = np.empty(len(keys), np.int64)
    is_low = _is_low(keys)
    numbers[is_low] = low
    numbers[~is_low] = high + len(below)
    return numbers, np.concatenate([below, above])


def _ordered_codes(keys: Fingerprints) -> tuple[npt.NDArray[np.int64], Fingerprints]:
    numbers, distinct = codes(keys)
    order = np.argsort(distinct)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[numbers], distinct[order]


def runs(keys: Fingerprints) -> tuple[Fingerprints, npt.NDArray[np.int64]]:
    """The distinct keys, ascending, and how often each stands there; quicker than numbering, where no row's number is asked."""
    ordered = _sorted(keys)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    return ordered[begins], np.diff(begins, append=len(ordered))


def _sorted(keys: Fingerprints) -> Fingerprints:
    return np.sort(keys) if len(keys) < _MANY else np.concatenate(_halves(np.sort, keys))


def _halves(function: Callable[[Fingerprints], Result], keys: Fingerprints) -> list[Result]:
    """A function of the lower keys and of the higher ones, worked out side by side; scrambled keys are halved evenly."""
    low = _is_low(keys)
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda half: function(keys[half]), (low, ~low)))


def _is_low(keys: Fingerprints) -> npt.NDArray[np.bool_]:
    return np.asarray(keys < np.uint64(1 << 63))
