"""Columns as 64-bit fingerprints: equal values, equal fingerprints.

Histograms and joins need to know only whether values are equal. A fingerprint stands for a value there, so that no
raw value crosses a stage boundary and a combination of any number of fields is one integer.

The mixing is that of splitmix64's finalizer (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
OOPSLA 2014). It is no cryptography: fingerprints stay inside a run. Of n distinct combinations two collide with a
chance of about n²/2⁶⁵ (3e-8 for a million).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Keys = npt.NDArray[np.uint64]
Result = TypeVar("Result")

_NULL = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MANY = 1 << 18
"""From so many keys on they are sorted by two threads."""
_SLICE = 1 << 14
"""Rows that are mixed together, so that they stay in the processor's cache."""
_TAIL = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], dtype=np.uint64)


def mix(keys: Keys) -> Keys:
    """Scramble uint64 keys, shape (n,), in place; a bijection. Returns ``keys``."""
    scratch = np.empty(min(len(keys), _SLICE), np.uint64)
    for begin in range(0, len(keys), _SLICE):
        _mix(keys[begin : begin + _SLICE], scratch)
    return keys


def _mix(keys: Keys, scratch: Keys) -> None:
    scratch = scratch[: len(keys)]
    np.right_shift(keys, np.uint64(30), out=scratch)
    keys ^= scratch
    keys *= _FIRST
    np.right_shift(keys, np.uint64(27), out=scratch)
    keys ^= scratch
    keys *= _SECOND
    np.right_shift(keys, np.uint64(31), out=scratch)
    keys ^= scratch


def combine(columns: Iterable[Keys], length: int) -> Keys:
    """One key per row for a tuple of columns, each of shape (length,). Order matters."""
    keys, columns = np.full(length, _NULL, dtype=np.uint64), tuple(columns)
    scratch = np.empty(min(length, _SLICE), np.uint64)
    for begin in range(0, length, _SLICE):
        part = keys[begin : begin + _SLICE]
        for column in columns:
            part *= _FIRST
            part += column[begin : begin + _SLICE]
            _mix(part, scratch)
    return keys


def fingerprint(column: pa.Array) -> Keys:
    """The fingerprints of a column, shape (n,), dtype uint64.

    Null has a fingerprint of its own. Text is compared by its bytes; numbers and times by value within their type;
    a dictionary column and a plain one give the same fingerprints.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        if len(column.dictionary) == 0:
            return np.full(len(column), _NULL, dtype=np.uint64)
        indices = column.indices.fill_null(0) if column.null_count else column.indices
        codes = indices.to_numpy(zero_copy_only=False)
        keys = np.asarray(fingerprint(column.dictionary).take(codes))
    elif pa.types.is_null(column.type):
        return np.full(len(column), _NULL, dtype=np.uint64)
    elif pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        keys = _bytes(column)
    elif _width(column.type) is not None:
        keys = _fixed(column)
    else:
        return fingerprint(pc.cast(column, pa.string()))
    if column.null_count:
        keys[pc.is_null(column).to_numpy(zero_copy_only=False)] = _NULL
    return keys


def _width(kind: pa.DataType) -> int | None:
    simple = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
    return int(kind.bit_width) if simple and kind.bit_width in (8, 16, 32, 64) else None


def _fixed(column: pa.Array) -> Keys:
    if pa.types.is_floating(column.type):
        # Adding zero makes -0.0 and 0.0 one value.
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0
        return mix(values.view(np.uint64))
    signed = {32: pa.int32(), 64: pa.int64()}.get(column.type.bit_width, pa.int64())
    if not pa.types.is_integer(column.type):
        column = column.cast(signed)
    if column.null_count:
        column = column.fill_null(0)
    return mix(column.to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64))


def _bytes(column: pa.Array) -> Keys:
    length = len(column)
    _, offsets_buffer, data_buffer = column.buffers()
    if length == 0 or offsets_buffer is None:
        return np.zeros(length, dtype=np.uint64)
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[column.offset : column.offset + length + 1]
    starts, sizes = offsets[:-1].astype(np.int64), np.diff(offsets)
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    first, last = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(last - first + 8, dtype=np.uint8)
    padded[: last - first] = data[first:last]
    # words[i] is the eight bytes that begin at byte i; loads need not be aligned.
    words = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
    starts -= first
    keys = mix(sizes.astype(np.uint64) + _FIRST)
    longest = max(int(sizes.max()), 1)  # a column of empty texts is hashed like any other
    active = np.arange(length) if length else None
    for done in range(0, longest, 8):
        if done:
            active = active[sizes[active] > done]  # type: ignore[index]
            part = words[starts[active] + done] & _TAIL[np.minimum(sizes[active] - done, 8)]
            keys[active] = mix(keys[active] ^ part)
        else:
            keys ^= words[starts] & _TAIL[np.minimum(sizes, 8)]
            mix(keys)
    return keys


def codes(keys: Keys) -> tuple[npt.NDArray[np.int64], Keys]:
    """Number the distinct keys by first appearance: ``(codes, distinct)`` with ``distinct[codes] == keys``."""
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_numpy()


def first_rows(numbers: npt.NDArray[np.int64], distinct: int) -> npt.NDArray[np.int64]:
    """The first row of each code: ``numbers[first_rows(numbers, d)] == arange(d)``."""
    rows = np.empty(distinct, dtype=np.int64)
    rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1, dtype=np.int64)
    return rows


def ordered_codes(keys: Keys) -> tuple[npt.NDArray[np.int64], Keys]:
    """Number the distinct keys in ascending order, so that a number does not depend on the order of rows."""
    if len(keys) < _MANY:
        return _ordered_codes(keys)
    (low, below), (high, above) = _halves(_ordered_codes, keys)
    numbers, is_low = np.empty(len(keys), np.int64), _is_low(keys)
    numbers[is_low], numbers[~is_low] = low, high + len(below)
    return numbers, np.concatenate([below, above])


def _ordered_codes(keys: Keys) -> tuple[npt.NDArray[np.int64], Keys]:
    numbers, distinct = codes(keys)
    order = np.argsort(distinct)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[numbers], distinct[order]


def runs(keys: Keys) -> tuple[Keys, npt.NDArray[np.int64]]:
    """The distinct keys, ascending, and how often each stands there; quicker than numbering, where no row's number is asked."""
    ordered = _sorted(keys)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    return ordered[begins], np.diff(begins, append=len(ordered))


def _sorted(keys: Keys) -> Keys:
    return np.sort(keys) if len(keys) < _MANY else np.concatenate(_halves(np.sort, keys))


def _halves(function: Callable[[Keys], Result], keys: Keys) -> list[Result]:
    """A function of the lower keys and of the higher ones, worked out side by side; scrambled keys are halved evenly."""
    low = _is_low(keys)
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda half: function(keys[half]), (low, ~low)))


def _is_low(keys: Keys) -> npt.NDArray[np.bool_]:
    return np.asarray(keys < np.uint64(1 << 63))
