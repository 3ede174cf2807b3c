"""A column's values as Python has them, for whoever takes records one by one; a column at a time."""

from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.distinct import is_text


def python_values(column: pa.Array) -> list[Any]:
    """The values of a column, shape (n,): those of ``to_pylist``, which makes an object of Arrow's for each of them."""
    # A nested value can be changed, so that no two records may have the same one.
    if isinstance(column, pa.DictionaryArray) and not pa.types.is_nested(column.type.value_type):
        return _decoded(column)
    if is_text(column.type) or (column.null_count == 0 and _is_plain(column.type)):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    listed: list[Any] = column.to_pylist()
    return listed


def _decoded(column: pa.DictionaryArray) -> list[Any]:
    """Each value of the dictionary once, and then only looked up; null is the one after the last."""
    values = np.empty(len(column.dictionary) + 1, dtype=object)
    values[:-1] = python_values(column.dictionary)
    codes = column.indices.cast(pa.int64()).fill_null(len(values) - 1)
    decoded: list[Any] = values[codes.to_numpy(zero_copy_only=False)].tolist()
    return decoded


def _is_plain(arrow: pa.DataType) -> bool:
    """Whether NumPy has the same values; a half-precision number Arrow gives otherwise."""
    if pa.types.is_floating(arrow):
        return not pa.types.is_float16(arrow)
    return bool(pa.types.is_integer(arrow) or pa.types.is_boolean(arrow))
