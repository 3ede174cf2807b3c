"""Buckets of keys, against the same said in whole numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.partition import MOST_BUCKETS, bucket_begin, bucket_of, partition

keys = st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**32 - 1, 2**32, 2**63, 2**64 - 1]), max_size=40)
counts = st.integers(1, MOST_BUCKETS) | st.sampled_from([1, 2, 16, 256, 257, 1000, MOST_BUCKETS])


@given(keys, counts)
def test_a_bucket_is_the_part_of_the_range_in_which_the_high_half_of_a_key_lies(values, buckets):
    found = bucket_of(np.array(values, np.uint64), buckets)
    assert found.dtype == np.uint16
    assert found.tolist() == [(value >> 32) * buckets >> 32 for value in values]


@given(counts, st.data())
def test_a_bucket_begins_where_the_one_before_ends(buckets, data):
    bucket = data.draw(st.integers(1, buckets - 1)) if buckets > 1 else 0
    begin = bucket_begin(bucket, buckets)
    around = np.array([max(begin - 1, 0), begin], np.uint64)
    assert bucket_of(around, buckets).tolist() == [max(bucket - 1, 0), bucket]
    assert (bucket_begin(0, buckets), bucket_begin(buckets, buckets)) == (0, 2**64)


@pytest.mark.parametrize("buckets", [1, 64, 1000, MOST_BUCKETS])
def test_buckets_are_about_equal_and_all_are_used(buckets):
    values = np.random.default_rng(7).integers(0, 2**64, buckets * 500, dtype=np.uint64)
    rows = np.bincount(bucket_of(values, buckets), minlength=buckets)
    assert len(rows) == buckets
    assert (abs(rows - 500) < 150).all()


@pytest.mark.parametrize("buckets", [-1, 0, MOST_BUCKETS + 1])
def test_other_numbers_of_buckets_are_refused(buckets):
    with pytest.raises(ValueError, match="4096"):
        bucket_of(np.zeros(1, np.uint64), buckets)


@given(st.lists(st.integers(0, 4), max_size=40), st.sampled_from([5, 300, MOST_BUCKETS]))
def test_rows_come_bucket_by_bucket_in_the_order_in_which_they_were(given_buckets, buckets):
    spread = [one * (buckets // 5) for one in given_buckets * 50]
    found = partition(np.array(spread, np.uint16), buckets)
    assert found.order.tolist() == sorted(range(len(spread)), key=lambda row: spread[row])
    assert len(found.begins) == buckets + 1
    for bucket in {*spread, 0, buckets - 1}:
        assert found.rows(bucket).tolist() == [row for row, own in enumerate(spread) if own == bucket]
