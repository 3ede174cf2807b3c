"""Figures compared, and texts read as the values that were written."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.dataset.published_rows import retyped
from beam_deid.transforms.dataset.source_figures import same


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (5, 5),
        (0.3333333333, 1 / 3),
        (None, None),
        ({"item": [0.5, 3]}, {"item": [0.5, 3]}),
        ([{"points": 1, "share": 0.25}], [{"points": 1, "share": 0.25}]),
        (True, True),
    ],
)
def test_figures_that_differ_in_rounding_alone_are_the_same(told, found):
    assert same(told, found)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (5, 6),
        (0.333333, 1 / 3),
        (None, 0),
        (0, None),
        (True, 1),
        (1.0, True),
        ({"item": 2}, {"item": 3}),
        ({"item": 2}, {"thing": 2}),
        ([1], [1, 1]),
        ("5", 5),
        (float("nan"), 0.0),
    ],
)
def test_other_figures_are_not(told, found):
    assert not same(told, found)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**20), 10**20).map(str), st.text(max_size=3)), max_size=20))
def test_texts_that_are_no_number_are_null_and_the_others_stay_whatever_stands_beside_them(texts):
    column = pa.array(texts, pa.string())
    alone = [retyped(column.slice(row, 1), pa.int64())[0].as_py() for row in range(len(texts))]
    assert retyped(column, pa.int64()).to_pylist() == alone
    for text, value in zip(texts, alone, strict=True):
        if text is not None and text.lstrip("-").isdecimal() and text.isascii() and str(int(text)) == text:
            assert value == (int(text) if -(2**63) <= int(text) < 2**63 else None)
