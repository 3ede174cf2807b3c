"""Columns of keys as numbers of the distinct ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.coded import Coded

COLUMNS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=20).map(
    lambda keys: np.array(keys, np.uint64)
)


@given(st.lists(COLUMNS, min_size=1, max_size=4))
def test_joined_columns_have_the_keys_of_all_parts_one_behind_the_other(columns):
    whole = Coded.joined([Coded.of(keys) for keys in columns])
    assert np.array_equal(whole.keys, np.concatenate(columns))
    assert len(np.unique(whole.distinct)) == len(whole.distinct)


def test_a_number_has_no_more_bytes_than_the_keys_need():
    parts = [np.arange(begin, begin + 200, dtype=np.uint64) for begin in (0, 100, 200)]
    assert [Coded.of(keys).numbers.dtype for keys in parts] == [np.uint8] * 3
    assert Coded.joined([Coded.of(keys) for keys in parts[:1]]).numbers.dtype == np.uint8
    assert Coded.joined([Coded.of(keys) for keys in parts]).numbers.dtype == np.uint16
