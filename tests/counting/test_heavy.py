"""Groups of most records are told by tallies as if their records were together: figures, what is suppressed, who is singled out."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKETS
from .test_facts import same_figures
from .test_suppressing import same_suppression

LIMITS = (0, 2, 5, 12)
"""Most rows of a bucket: from all groups heavy to the greatest alone."""


@st.composite
def tables(draw):
    """Up to fifty rows, most of which are alike, of people who may have no name, no telephone, or others' telephone."""
    seldom = st.sampled_from([0, 0, 0, 0, 1, 2])
    value = st.sampled_from(["a", "a", "b", "ａ", None])
    row = st.tuples(st.integers(0, 8) | st.none(), st.integers(0, 5) | st.none(), seldom, seldom, value, value)
    rows = draw(st.lists(row, min_size=1, max_size=50))
    texts = [pa.array(column, pa.string()) for column in list(zip(*rows, strict=True))[4:]]
    return pa.table(
        {
            "buyer": pa.array([None if row[0] is None else f"u{row[0]}" for row in rows], pa.string()),
            "phone": pa.array([None if row[1] is None else f"1380013800{row[1]}" for row in rows], pa.string()),
            "city": [f"c{row[2]}" for row in rows],
            "age": [20 + row[3] for row in rows],
            "category": texts[0],
            "title": texts[1],
        }
    )


ROLES = (
    {"quasi": "city", "sensitive": "category title", "both": "age"},
    {"quasi": "city age", "sensitive": "category title"},
    {"both": "city age category", "sensitive": "title"},
    {"quasi": "city age category title"},
)
"""Columns that no grouping leaves out and others; of the third there is none that all groupings have."""
ASKED = {
    "t": {"category": 0.9},
    "beta": {"title": {"max": 3, "kind": "enhanced"}},
    "delta": {"category": 1.0},
    "alpha": {"title": 0.5},
    "l": {"category": {"distinct": 2, "entropy": 2, "recursive": [3, 2]}},
}


def asked(named, sharing, suppression, more):
    sensitive = f"{named.get('sensitive', '')} {named.get('both', '')}".split()
    require = {name: {of: limit for of, limit in each.items() if of in sensitive} for name, each in more.items()}
    require = {name: each for name, each in require.items() if each} | {"suppression": suppression}
    fields = roles(direct="buyer phone:mobile", **named)
    return policy(fields, a=release(sharing, "city age category title", require=require))


SHARINGS = st.sampled_from(["enclave", "controlled", "public"])
MORE = st.sampled_from([{}, ASKED])


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(0.4)
@given(tables(), st.sampled_from(ROLES), SHARINGS, MORE, st.sampled_from(LIMITS))
def test_figures_of_heavy_groups_are_those_of_their_records(buckets, table, named, sharing, more, most):
    same_figures(asked(named, sharing, 0.0, more), table, buckets, most)


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(0.4)
@given(tables(), st.sampled_from(ROLES), SHARINGS, MORE, st.sampled_from(LIMITS), st.sampled_from([0.1, 0.3, 0.6, 1.0]))
def test_the_same_heavy_groups_are_suppressed(buckets, table, named, sharing, more, most, suppression):
    same_suppression(asked(named, sharing, suppression, more), table, buckets, most)
