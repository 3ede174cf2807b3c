"""Columns as numbers: amounts as they are, dates and times in microseconds since 1970."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain

MICROSECONDS = 1_000_000
SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
"""Seconds of each unit that a distance of times is written with."""
NULL = np.iinfo(np.int64).min


def is_ordered(kind: pa.DataType) -> bool:
    """Whether a type's values lie on a line, so that they have distances."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(numeric or pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def distance(written: float | str) -> float:
    """A distance as a number: of times in seconds, ``2d`` or ``12h``; of numbers as it is."""
    if isinstance(written, str) and written[-1:] in SECONDS:
        return float(written[:-1]) * SECONDS[written[-1]]
    return float(written)


def as_moments(column: pa.Array) -> npt.NDArray[np.int64]:
    """Dates and times as microseconds since 1970, shape (n,); null is `NULL`."""
    moments = pc.cast(plain(column), pa.timestamp("us"), safe=False)
    return np.asarray(pc.cast(moments, pa.int64()).fill_null(NULL).to_numpy(zero_copy_only=False))


def as_numbers(column: pa.Array) -> npt.NDArray[np.float64]:
    """Values as floating point, shape (n,): dates and times in seconds; null is NaN.

    A column for which `is_ordered` is false must not come here.
    """
    column = plain(column)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        moments = as_moments(column)
        return np.where(moments == NULL, np.nan, moments / MICROSECONDS)
    return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
