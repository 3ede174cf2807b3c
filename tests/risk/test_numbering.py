"""Distinct rows of some columns, numbered: exact, however many columns there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk import numbering
from beam_deid.transforms.risk.numbering import numbered, summed


def partition(numbers):
    """Which rows have one number, whatever it is."""
    rows = {}
    for at, number in enumerate(numbers):
        rows.setdefault(number, []).append(at)
    return sorted(rows.values())


@st.composite
def columns(draw):
    """Up to seventy columns of up to twenty rows, of few or of very many numbers."""
    rows = draw(st.integers(1, 20))
    many = draw(st.integers(1, 70))
    size = draw(st.sampled_from([1, 2, 3, 1 << 16, 1 << 31]))
    value = st.sampled_from([0, size - 1]) if size > 3 else st.integers(0, size - 1)
    return size, [draw(st.lists(value, min_size=rows, max_size=rows)) for _ in range(many)]


@pytest.mark.parametrize("dense", [0, 1 << 16], ids=["sorted", "counted"])
@given(columns())
def test_rows_have_one_number_exactly_where_all_columns_are_alike(dense, made):
    size, found = made
    arrays = [np.array(column, np.int64) for column in found]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "_DENSE", dense)
        result = numbered(arrays, [size] * len(arrays))
    assert partition(result.numbers.tolist()) == partition(zip(*found, strict=True))
    assert sorted(set(result.numbers.tolist())) == list(range(result.many))


def test_two_hundred_wide_columns_do_not_collide():
    # Each row differs from the first in one column alone: a key that wraps around, or a hash of few bits, would join some.
    rows = 200
    many = 1 << 31
    columns = [np.where(np.arange(rows + 1) == at, many - 1, at % 7) for at in range(rows)]
    assert numbered(columns, [many] * rows).many == rows + 1
    assert numbered([*columns, *columns], [many] * 2 * rows).many == rows + 1


def test_powers_of_two_do_not_fall_out_of_a_key():
    # 64 columns of one bit: as a number of 63 bits the last would be lost.
    bits = [np.array([0, 0]) for _ in range(63)] + [np.array([0, 1])]
    assert numbered(bits, [2] * 64).many == 2
    assert numbered(bits[::-1], [2] * 64).many == 2


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_a_look_up_is_taken_before_rows_are_compared(rows):
    first, second = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    merged = np.array([0, 0, 1, 1, 1])
    found = numbered([first, second], [2, 5], [merged, np.arange(5)])
    assert partition(found.numbers.tolist()) == partition([(int(merged[one]), other) for one, other in rows])


def test_no_row_and_no_column_that_tells_anything():
    assert numbered([np.empty(0, np.int64)], [5]).many == 0
    assert numbered([np.zeros(3, np.int64)], [1]).many == 1
    assert numbered([], []).many == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=20))
def test_sums_are_those_of_each_groups_rows(rows):
    group, values = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    found = numbered([group], [4])
    wanted = {}
    for number, value in zip(found.numbers.tolist(), values.tolist(), strict=True):
        wanted[number] = wanted.get(number, 0) + value
    assert summed(found, values).tolist() == [wanted[number] for number in range(found.many)]
