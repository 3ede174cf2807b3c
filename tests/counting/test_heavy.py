"""Groups of most records are told by tallies as if their records were together: figures, what is suppressed, who is singled out."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.run.spill_folder import SpillFolder

from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, BUCKETS
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
    {"both": "city age", "sensitive": "category title"},
    {"quasi": "city age category title"},
)
"""Columns that no grouping leaves out and others; where two or three columns are both, there is none that all groupings have."""
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


RAREST = pa.table(
    {
        "buyer": ["u0", "u0", "u0", "u1", None, None],
        "phone": [None, None, None, None, "13800138000", "13800138000"],
        "city": ["c0"] * 6,
        "age": [20, 20, 20, 20, 20, 21],
        "category": ["a", "a", "b", "a", "a", "b"],
        "title": ["a"] * 6,
    }
)
"""The rarest value is so by an identity by which nobody is in one of the groups."""


@examples(0.5)
@example(
    16, RAREST, ROLES[0], "enclave", {"t": {"category": 0.9}, "beta": {"title": {"max": 3, "kind": "enhanced"}}}, 0
)
@given(BUCKET_COUNTS, tables(), st.sampled_from(ROLES), SHARINGS, MORE, st.sampled_from(LIMITS))
def test_figures_of_heavy_groups_are_those_of_their_records(buckets, table, named, sharing, more, most):
    same_figures(asked(named, sharing, 0.0, more), table, buckets, most)


@examples(0.6)
@given(
    BUCKET_COUNTS,
    tables(),
    st.sampled_from(ROLES),
    SHARINGS,
    MORE,
    st.sampled_from(LIMITS),
    st.sampled_from([0.1, 0.3, 0.6, 1.0]),
)
def test_the_same_heavy_groups_are_suppressed(buckets, table, named, sharing, more, most, suppression):
    same_suppression(asked(named, sharing, suppression, more), table, buckets, most)


def people(rows):
    """A table of rows of: person, city, category, title."""
    who, city, category, title = zip(*rows, strict=True)
    return pa.table(
        {
            "buyer": [f"u{one}" for one in who],
            "phone": [f"138{one:08}" for one in who],
            "city": list(city),
            "age": [20] * len(rows),
            "category": list(category),
            "title": list(title),
        }
    )


def plain(number):
    """Records of so many persons of two places, who all have both values."""
    places = [("c0", one) for one in range(number)] + [("c1", one) for one in range(number)]
    return [(one, city, value, value) for city, one in places for value in "ab"]


SENSITIVE = {"quasi": "city age", "sensitive": "category title"}


@pytest.mark.parametrize("buckets", BUCKETS)
@pytest.mark.parametrize("most", [0, 60])
def test_rows_that_go_for_several_lines_count_once(buckets, most):
    few = [(one, "c2", value, "z") for one in range(2) for value in "ab"]
    rare = [(one, "c0", "a", f"t{one}") for one in range(60)] + [(one, "c2", "a", f"t{one}") for one in range(2)]
    spec = asked(SENSITIVE, "controlled", 0.1, {})
    table = people(plain(10) + few + rare)
    assert not cut(data_of(spec, table)["a"], {}).satisfied
    same_suppression(spec, table, buckets, most)


@pytest.mark.parametrize("buckets", BUCKETS)
@pytest.mark.parametrize("most", [0, 60])
def test_somebody_may_come_to_dominate_a_heavy_group_by_what_is_suppressed(buckets, most):
    spec, table, rare = dominated()
    made = cut(data_of(spec, table)["a"], {})
    assert made.satisfied
    assert made.needed > rare
    same_suppression(spec, table, buckets, most)


def test_heavy_groups_are_suppressed_with_rows_in_files_and_two_workers():
    spec, table, _ = dominated()
    with SpillFolder() as folder:
        same_suppression(spec, table, 5, 60, folder, 2)


def dominated():
    """A group of which one person has most, once rare values are gone; and how many records have these."""
    much = [(0, "c2", value, value) for value in "ab"] * 30 + [
        (one, "c2", value, value) for one in range(5) for value in "ab"
    ]
    rare = [(one, "c2", f"r{one}", "a") for one in range(1, 5)] * 6
    return asked(SENSITIVE, "enclave", 0.9, {}), people(plain(10) + much + rare), len(rare)
