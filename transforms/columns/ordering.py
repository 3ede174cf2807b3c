"""Values as 64-bit numbers without a secret, for the order of rows and nothing else.

The rows of a part are put in an order that depends on what is in them, so that the same input gives the same bytes,
whoever runs it and however the work was divided. That needs no secret, and must have none.

Never ask it whether two values are equal. It is no cryptography: whoever writes values can choose as many as they like
that it takes for one. `beam_deid.transforms.columns.fingerprint` tells values apart.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints

_NULL = np.uint64(0x9E3779B97F4A7C15)
_START = np.uint64(0xBF58476D1CE4E5B9)
_TAIL = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], dtype=np.uint64)


def ordering(column: pa.Array | pa.ChunkedArray) -> Fingerprints:
    """Compute a sort key for each row of a column, uint64, shape (n,). It serves for order only, never for equality.

    Text is taken by its bytes, floats by their bits, other numbers and times by value within their type; a
    dictionary column and a plain one give the same numbers.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        if len(column.dictionary) == 0:
            return np.full(len(column), _NULL, dtype=np.uint64)
        indices = column.indices.fill_null(0) if column.null_count else column.indices
        codes = indices.to_numpy(zero_copy_only=False)
        keys = np.asarray(ordering(column.dictionary).take(codes))
    elif pa.types.is_null(column.type):
        return np.full(len(column), _NULL, dtype=np.uint64)
    elif pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        keys = _bytes(column)
    elif _width(column.type) is not None:
        keys = _fixed(column)
    else:
        return ordering(pc.cast(column, pa.string()))
    if column.null_count:
        keys[pc.is_null(column).to_numpy(zero_copy_only=False)] = _NULL
    return keys


def _width(kind: pa.DataType) -> int | None:
    simple = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
    return int(kind.bit_width) if simple and kind.bit_width in (8, 16, 32, 64) else None


def _fixed(column: pa.Array) -> Fingerprints:
    if pa.types.is_floating(column.type):
        # By their bits: 0.0 and -0.0 are two values in a file, and if they tied they would stay in the order of the source.
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False).copy()
        return mix(values.view(np.uint64))
    signed = {32: pa.int32(), 64: pa.int64()}.get(column.type.bit_width, pa.int64())
    if not pa.types.is_integer(column.type):
        column = column.cast(signed)
    if column.null_count:
        column = column.fill_null(0)
    return mix(column.to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64))


def _bytes(column: pa.Array) -> Fingerprints:
    length = len(column)
    _, offsets_buffer, data_buffer = column.buffers()
    if length == 0 or offsets_buffer is None:
        return np.zeros(length, dtype=np.uint64)
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[column.offset : column.offset + length + 1]
    starts = offsets[:-1].astype(np.int64)
    sizes = np.diff(offsets)
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    first = int(offsets[0])
    last = int(offsets[-1])
    padded = np.zeros(last - first + 8, dtype=np.uint8)
    padded[: last - first] = data[first:last]
    # words[i] is the eight bytes that begin at byte i; loads need not be aligned.
    words = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
    starts -= first
    keys = mix(sizes.astype(np.uint64) + _START)
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
