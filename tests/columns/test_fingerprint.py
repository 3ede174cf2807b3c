import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.fingerprint import codes, combine, fingerprint, first_rows

texts = st.lists(st.one_of(st.none(), st.text(max_size=40)))


@given(texts)
def test_fingerprints_are_equal_exactly_where_values_are(values):
    keys = fingerprint(pa.array(values, pa.string())).tolist()
    assert len(set(keys)) == len(set(values))
    assert len({(value, key) for value, key in zip(values, keys, strict=True)}) == len(set(values))


@given(texts, st.integers(0, 5), st.integers(0, 5))
def test_a_slice_and_a_dictionary_have_the_fingerprints_of_the_whole(values, start, length):
    column = pa.array(values, pa.string())
    keys = fingerprint(column)
    assert fingerprint(column.slice(start, length)).tolist() == keys[start : start + length].tolist()
    assert fingerprint(column.dictionary_encode()).tolist() == keys.tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2, None, 1]), pa.array([1, 2, None, 1], pa.uint8()), pa.array([1.5, 2.5, None, 1.5]),
        pa.array([True, False, None, True]),
        pa.array([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 1)]),
        pa.array([datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1), None, datetime.datetime(2020, 1, 1)]),
        pa.array(["1.00", "2.00", None, "1.00"]).cast(pa.decimal128(10, 2)),
        pa.array([b"a", b"b", None, b"a"]),
    ],
    ids=lambda column: str(column.type),
)  # fmt: skip
def test_every_type_tells_values_apart_and_null_from_all(column):
    keys = fingerprint(column).tolist()
    assert keys[0] == keys[3]
    assert len(set(keys)) == 3


def test_minus_zero_is_zero():
    assert len(set(fingerprint(pa.array([0.0, -0.0])).tolist())) == 1


def test_trailing_zero_bytes_and_word_boundaries_tell_texts_apart():
    values = [b"\0" * n for n in range(20)] + [b"a" * n for n in range(1, 20)]
    assert len(set(fingerprint(pa.array(values, pa.binary())).tolist())) == len(values)


def test_the_order_of_columns_matters_in_a_combination():
    a, b = fingerprint(pa.array(["x"])), fingerprint(pa.array(["y"]))
    assert combine([a, b], 1) != combine([b, a], 1)


@given(st.lists(st.integers(0, 5)))
def test_codes_number_distinct_keys_by_first_appearance(values):
    keys = np.array(values, np.uint64)
    numbers, distinct = codes(keys)
    assert distinct[numbers].tolist() == values
    assert distinct.tolist() == list(dict.fromkeys(values))
    assert numbers[first_rows(numbers, len(distinct))].tolist() == list(range(len(distinct)))
