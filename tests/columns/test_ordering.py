import pyarrow as pa
import pytest

from beam_deid.transforms.columns.ordering import ordering


@pytest.mark.parametrize(
    "column",
    [
        pa.array([3, None, 4]),
        pa.array([0.5, None, 2.5]),
        pa.array([True, None, False]),
        pa.array(["a", None, "b" * 20]),
    ],
    ids=lambda column: str(column.type),
)
def test_the_order_of_rows_is_a_function_of_their_values_alone(column):
    numbers = ordering(column).tolist()
    assert len(set(numbers)) == 3
    assert ordering(column[1:]).tolist() == numbers[1:]
    assert ordering(column.dictionary_encode()).tolist() == numbers


def test_parts_keep_their_order_from_one_version_to_the_next():
    found = ordering(pa.array(["广州市", None, ""])).tolist() + ordering(pa.array([1, -1])).tolist()
    assert found == [
        11169925516450685954,
        11400714819323198485,
        11151680985442257827,
        6238072747940578789,
        13029008266876403067,
    ]
