"""``pandas.DataFrame``."""

import datetime
from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.frames.kinds.kind import FrameKind, no_one_type

_ADVICE = (
    'Convert it before, for example with orders[…].astype("Int64") where all are whole numbers, else with astype("string"); both '
    "keep what is missing"
)

_NUMBERS = {int, float}
"""Types that Arrow puts together, and refuses where a number would be another one."""
_NULLABLE = {
    pa.int8(): "Int8",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.uint8(): "UInt8",
    pa.uint16(): "UInt16",
    pa.uint32(): "UInt32",
    pa.uint64(): "UInt64",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.large_string(): "string",
}


class PandasFrame(FrameKind):
    """Frames of pandas.

    - **Index**: levels with a name are columns, as after ``reset_index()``; one without a name is left out. What comes back is
      numbered from 0: an index would say where a row was.
    - **Missing values** are null: of a column of NumPy pandas cannot tell NaN from them.
    - **Types**: columns come back in the family that they came in (NumPy, pandas' nullable ones, Arrow's). Whole numbers and truth
      values of NumPy with nulls come back nullable, for NumPy would make other values of them; categories come back as text.
    """

    package = "pandas"

    def holds(self, data: Any) -> bool:
        """See `FrameKind`."""
        import pandas as pd

        return isinstance(data, pd.DataFrame)

    def to_arrow(self, data: Any) -> pa.Table:
        """See `FrameKind`."""
        held = [*_named_levels(data), *((name, data.iloc[:, place]) for place, name in enumerate(data.columns))]
        for place, (name, _) in enumerate(held):
            if not isinstance(name, str):
                raise InputError("a column's name is no text", f"column {place + 1}", "Rename it before")
        return pa.Table.from_arrays([_column(name, values) for name, values in held], names=[name for name, _ in held])

    def from_arrow(self, table: pa.Table, like: Any) -> Any:
        """See `FrameKind`."""
        import pandas as pd

        given = dict(zip(like.columns, like.dtypes, strict=True))
        columns = {name: _series(table.column(name), given.get(name)) for name in table.column_names}
        return pd.DataFrame(columns, copy=False)


def _named_levels(frame: Any) -> list[tuple[Any, Any]]:
    """The levels of the index that have a name, with their values."""
    import pandas as pd

    names = frame.index.names
    return [
        (name, pd.Series(frame.index.get_level_values(place))) for place, name in enumerate(names) if name is not None
    ]


def _column(name: str, values: Any) -> Any:
    if values.dtype == object:
        values = _of_one_type(name, values)
    zone = getattr(values.dtype, "tz", None)
    try:
        return pa.array(values, from_pandas=True) if zone is None else _zoned(values, zone)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        raise no_one_type(name, _ADVICE) from None


def _zoned(values: Any, zone: datetime.tzinfo) -> pa.Array:
    """Times with a zone; Arrow by itself takes them from pandas without it, and is warned."""
    times = pa.array(values.dt.tz_convert(None).to_numpy(), from_pandas=True)
    return times.cast(pa.timestamp(times.type.unit, pa.lib.tzinfo_to_string(zone)))


def _of_one_type(name: str, values: Any) -> Any:
    """A column of objects, if all are of one type: Arrow would make days of times among days, and text of bytes among text.

    Raises:
        InputError: They are of several types.
    """
    found = set(map(type, values[values.notna()]))
    if len(found) > 1 and not found <= _NUMBERS:
        raise no_one_type(name, _ADVICE)
    if not found or not issubclass(found.pop(), datetime.datetime):
        return values
    times = values.infer_objects()
    if times.dtype == object:  # some have a zone and others none, or another
        raise no_one_type(name, _ADVICE)
    return times


def _series(column: pa.ChunkedArray, given: Any) -> Any:
    """A column in the family of types that the given one is of; None where none was given."""
    import pandas as pd

    if isinstance(given, pd.ArrowDtype):
        return pd.Series(pd.arrays.ArrowExtensionArray(column))
    kind = column.type
    would_change = column.null_count and (pa.types.is_integer(kind) or pa.types.is_boolean(kind))
    if would_change or getattr(given, "na_value", None) is pd.NA:
        return column.to_pandas(types_mapper=_nullable)
    return column.to_pandas()


def _nullable(kind: pa.DataType) -> Any:
    """The nullable type of pandas for one of Arrow; None where there is none."""
    import pandas as pd

    name = _NULLABLE.get(kind)
    return None if name is None else pd.api.types.pandas_dtype(name)
