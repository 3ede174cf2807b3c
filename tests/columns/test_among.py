"""Which keys are among others: as numpy says it, however often one stands there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.among import is_among

KEYS = st.lists(st.integers(0, 40), max_size=60)


@given(KEYS, KEYS)
def test_it_is_what_numpy_says(keys, others):
    looked_for = np.array(keys, np.uint64)
    ordered = np.sort(np.array(others, np.uint64))
    assert is_among(looked_for, ordered).tolist() == np.isin(looked_for, ordered).tolist()
