import pyarrow as pa
import pytest

from beam_deid.transforms.columns.one_type import exactly, one_type

TEXTS = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([], pa.null()),
        ([pa.null()], pa.null()),
        ([pa.null(), pa.date32()], pa.date32()),
        (TEXTS, pa.string()),
        ([pa.int8(), pa.int32()], pa.int64()),
        ([pa.uint8(), pa.uint64()], pa.uint64()),
        ([pa.uint8(), pa.int8()], pa.int64()),
        ([pa.int64(), pa.float32(), pa.null()], pa.float64()),
        ([pa.decimal128(10, 4), pa.decimal128(18, 2)], pa.decimal128(20, 4)),
        ([pa.decimal128(38, 0), pa.decimal128(38, 38)], pa.decimal256(76, 38)),
        ([pa.decimal256(76, 0), pa.decimal256(76, 76)], None),
        ([pa.timestamp("s"), pa.timestamp("ms")], pa.timestamp("ms")),
        ([pa.timestamp("s"), pa.timestamp("s", "UTC")], None),
        ([pa.string(), pa.int64()], None),
        ([pa.bool_(), pa.int64()], None),
        ([pa.float64(), pa.decimal128(5, 2)], None),
        ([pa.date32(), pa.timestamp("s")], None),
    ],
)
def test_the_least_type_that_holds_all(types, expected):
    assert one_type(types) == expected
    assert one_type(types[::-1]) == expected


def test_values_stay_what_they_are_or_are_refused():
    assert exactly(pa.nulls(2), pa.string()).to_pylist() == [None, None]
    assert exactly(pa.array([1, None]), pa.float64()).to_pylist() == [1.0, None]
    encoded = pa.array(["a", "b", "a"]).dictionary_encode()
    assert exactly(encoded, pa.string()) is encoded
    assert exactly(pa.array([1, 2, 1]).dictionary_encode(), pa.float64()).to_pylist() == [1.0, 2.0, 1.0]
    for values, target in ((pa.array([2**53 + 1]), pa.float64()), (pa.array([2**63], pa.uint64()), pa.int64())):
        with pytest.raises(pa.ArrowInvalid):
            exactly(values, target)
