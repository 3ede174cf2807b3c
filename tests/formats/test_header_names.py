"""Blank and repeated names of columns are numbered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats.header_names import column_names


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "", "a", "a"], ["a", "column_2", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", "column_1"], ["column_2", "column_1"]),
    ],
)
def test_names_are_numbered(written, names):
    assert column_names(written) == names


@given(st.lists(st.sampled_from(["", "a", "a_2", "a_3", "column_1", "column_2", "b"]), max_size=8))
def test_each_name_is_there_once_and_written_ones_stay(written):
    names = column_names(written)
    assert len(set(names)) == len(names) == len(written)
    assert {name for name in written if name} <= {*names}
