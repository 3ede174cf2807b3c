"""Distinct keys are numbered alike by hashing and by sorting, whatever the keys are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns import key_codes
from beam_deid.transforms.columns.key_codes import codes, first_rows, hardly_repeat

MANY = 40_000
HIGH = np.uint64(1 << 63)
"""Keys that differ in this bit alone look alike to a sort of their low bits."""

random = np.random.default_rng(7)
uniform = random.integers(0, 1 << 64, MANY, np.uint64, endpoint=False)
MOST_DISTINCT = [
    uniform,
    uniform >> np.uint64(8),
    uniform[random.integers(0, MANY, MANY)],
    np.arange(MANY, dtype=np.uint64),
]
MOST_REPEAT = [uniform[: MANY // 10].repeat(10), np.zeros(MANY, np.uint64), uniform[:100]]


def check(keys):
    numbers, distinct = codes(keys)
    assert np.array_equal(distinct[numbers], keys)
    assert sorted(distinct.tolist()) == np.unique(keys).tolist()
    assert numbers[first_rows(numbers, len(distinct))].tolist() == list(range(len(distinct)))


@given(st.lists(st.one_of(st.integers(0, 5), st.integers((1 << 63) - 2, (1 << 63) + 2), st.integers(0, (1 << 64) - 1))))
def test_codes_number_distinct_keys(values):
    keys = np.array(values, np.uint64)
    check(keys)
    if values:
        found = key_codes._codes_by_sorting(keys)
        if found is not None:
            assert np.array_equal(found[1][found[0]], keys)
            assert len(found[1]) == len(set(values))


@pytest.mark.parametrize("keys", [*MOST_DISTINCT, *MOST_REPEAT])
def test_many_codes_number_distinct_keys(keys):
    check(keys)
    check(keys[::-1].copy())


def test_keys_that_a_sort_does_not_tell_apart_are_hashed():
    keys = np.concatenate([uniform, uniform ^ HIGH, uniform])
    assert hardly_repeat(keys, 0.25)
    assert key_codes._codes_by_sorting(keys) is None
    check(keys)


def test_whether_keys_repeat_is_seen_in_a_sample_of_a_bucket_as_well():
    own_bucket = uniform >> np.uint64(12)
    assert all(hardly_repeat(keys, 0.25) for keys in (*MOST_DISTINCT, own_bucket))
    assert not any(hardly_repeat(keys, 0.25) for keys in MOST_REPEAT)
    assert not hardly_repeat(np.full(MANY, 1, np.uint64), 0.0), "none is in the sample"
