from collections import Counter

import numpy as np
import pytest

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.columns.pairs import count_pairs, few_codes


@pytest.mark.parametrize("distinct", [1, 60, 5_000, 100_000])
def test_rows_of_several_slices_are_numbered_like_those_of_one(distinct):
    keys = mix(np.random.default_rng(3).integers(0, distinct, 300_000).astype(np.uint64))
    numbers, found = few_codes(keys)
    expected, values = ordered_codes(keys)
    assert np.array_equal(numbers, expected)
    assert np.array_equal(found, values)


@pytest.mark.parametrize("many", [1, 2, 60, 3_000, 9_000])
def test_pairs_of_many_rows_are_counted_exactly(many):
    random = np.random.default_rng(5)
    keys = mix(random.integers(0, 90_000, 300_000).astype(np.uint64))
    # Two keys that differ in their last bit alone: nothing may take them for one.
    keys[:2_000] = np.uint64(1 << 63)
    keys[1_000:2_000] += np.uint64(1)
    values = random.integers(0, many, len(keys))
    found = count_pairs(keys, values, many)
    expected = Counter(zip(keys.tolist(), values.tolist(), strict=True))
    of = np.repeat(found.keys, np.diff(found.begins, append=len(found.value)))
    pairs = list(zip(of.tolist(), found.value.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert [expected[pair] for pair in pairs] == found.rows.tolist()
    assert dict(zip(found.keys.tolist(), found.key_rows.tolist(), strict=True)) == Counter(keys.tolist())


def test_no_rows_are_no_pairs():
    found = count_pairs(np.empty(0, np.uint64), np.empty(0, np.int64), 1)
    assert len(found.keys) == len(found.value) == len(few_codes(np.empty(0, np.uint64))[1]) == 0
