import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.risk.nulls import k_wildcard

from ..kit.examples import examples
from ..kit.fingerprints import KEY

CELL = st.sampled_from(["x", "y", None, "*"])


def by_hand(rows):
    def fits(one, other):
        return all(a in (None, "*") or b in (None, "*") or a == b for a, b in zip(one, other, strict=True))

    return min(len({who for *other, who in rows if fits(one, other)}) for *one, who in rows)


@examples(2)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=25))
def test_a_null_fits_any_value(cells):
    rows = [(*cell, f"p{number}") for number, cell in enumerate(cells)]
    columns = [fingerprint(pa.array([row[place] for row in rows], pa.string()), KEY) for place in range(2)]
    ones = np.ones(len(rows), np.int64)
    assert k_wildcard(columns, ones, None, KEY) == by_hand(rows)
    subject = fingerprint(pa.array([row[2] for row in rows]), KEY)
    assert k_wildcard(columns, ones, subject, KEY) == by_hand(rows)


def test_too_many_ways_to_be_missing_are_not_counted():
    ways = np.array(list(itertools.product([0, 1], repeat=7)))
    columns = [fingerprint(pa.array(["x" if cell else None for cell in ways[:, place]]), KEY) for place in range(7)]
    assert k_wildcard(columns, np.ones(len(ways), np.int64), None, KEY) is None
