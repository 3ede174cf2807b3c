"""What is said of records that are known again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.known_again import Said

RECORDS = st.lists(st.integers(0, 12), max_size=20)
WANTED = st.sets(st.integers(0, 15), max_size=16)


@given(records=RECORDS, wanted=WANTED)
def test_what_is_said_along_records_is_what_is_said_at_each(records: list[int], wanted: set[int]) -> None:
    rows = np.sort(np.array(records, np.uint64))
    said = Said.of(rows, np.arange(len(rows), dtype=np.uint64))
    asked = np.array(sorted(wanted), np.uint64)
    found = said.along(asked)
    np.testing.assert_array_equal(found, said.at(asked))
    np.testing.assert_array_equal(found > 0, np.isin(asked, rows))
