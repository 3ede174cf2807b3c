"""The values of a column are those that Arrow gives one by one, and of the same types."""

import datetime
import decimal

import pyarrow as pa
import pytest

from beam_deid.transforms.columns.python_values import python_values

COLUMNS = {
    "text": pa.array(["a", None, "杭州"]),
    "large text": pa.array(["a", None], pa.large_string()),
    "dictionary": pa.array(["a", None, "b", "a"]).dictionary_encode(),
    "dictionary of numbers": pa.array([1, None, 2, 1]).dictionary_encode(),
    "dictionary with a null in it": pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None])),
    "a slice of a dictionary": pa.array(["a", "b", None, "c"]).dictionary_encode().slice(1, 2),
    "no dictionary": pa.array([None, None], pa.string()).dictionary_encode(),
    "integers": pa.array([1, 2**62 + 1]),
    "unsigned": pa.array([2**64 - 1], pa.uint64()),
    "small integers": pa.array([1, None, 3], pa.int8()),
    "integers with nulls": pa.array([2**62 + 1, None]),
    "floats": pa.array([0.1, -0.0]),
    "single precision": pa.array([0.1], pa.float32()),
    "half precision": pa.array([0.5, 2.0], pa.float16()),
    "booleans": pa.array([True, False]),
    "booleans with nulls": pa.array([True, None]),
    "decimals": pa.array([decimal.Decimal("1.10"), None]),
    "dates": pa.array([datetime.date(2026, 1, 31), None]),
    "times": pa.array([datetime.datetime(2026, 1, 31, 12), None]),
    "nulls": pa.nulls(2),
    "nothing": pa.array([], pa.string()),
    "lists": pa.array([[1], None]),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_values_are_those_of_arrow_and_of_their_types(column):
    values = python_values(column)
    assert [repr(value) for value in values] == [repr(value) for value in column.to_pylist()]
    assert [type(value) for value in values] == [type(value) for value in column.to_pylist()]
