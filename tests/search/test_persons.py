"""Persons of classes, counted by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.numbering import Numbered
from beam_deid.transforms.search.persons import PersonsOfRows

CLASSES = 4
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, CLASSES - 1)), max_size=60)
"""Whom each row is about, and its class: of six persons some have more rows than are compared one by one."""


@given(ROWS)
def test_each_person_counts_once_in_a_class(rows):
    subject, numbers = np.array(rows, np.int64).reshape(-1, 2).T
    people = PersonsOfRows(subject.astype(np.uint8)).of(Numbered(numbers.copy(), CLASSES))
    assert people.tolist() == [len({who for who, of in rows if of == one}) for one in range(CLASSES)]
    assert people.dtype == np.int64
