"""Rows in the order of their values, which follows from these alone, whatever order they came in."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BITS = {pa.float16(): pa.int16(), pa.float32(): pa.int32(), pa.float64(): pa.int64()}


def exact(column: pa.Array) -> pa.Array:
    """A column whose values are equal if a file writes the same bytes: floats by their bits, for 0.0 and -0.0 would tie."""
    return column.view(_BITS[column.type]) if column.type in _BITS else column


def by_values(columns: Mapping[str, pa.Array]) -> pa.Array:
    """The places of rows in the order of their values, shape (n,), uint64: by the first column, then by the next.

    Args:
        columns: At least one, each of a type whose values can be compared, shape (n,).
    """
    keys = {name: exact(column) for name, column in columns.items() if not pa.types.is_null(column.type)}
    if not keys:
        (column, *_) = columns.values()
        return pa.array(np.arange(len(column), dtype=np.uint64))
    return pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys])
