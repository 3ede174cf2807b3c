"""How unique histories are is the same in any number of buckets as over all records together."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.histories import histories_of
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.risk.history import histories
from beam_deid.transforms.run.stages import Stages

from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, source_of


def asked(**more):
    fields = roles(direct="buyer", quasi="city age", sensitive="category")
    return policy(fields, a=release("enclave", "city age category", **more))


@st.composite
def tables(draw):
    """Up to eighty rows of up to nine people and some of nobody, with many points each."""
    row = st.tuples(
        st.integers(0, 8) | st.none(), st.integers(0, 3), st.integers(0, 3), st.sampled_from(["a", "b", None])
    )
    rows = draw(st.lists(row, min_size=1, max_size=80))
    return pa.table(
        {
            "buyer": pa.array([None if who is None else f"u{who}" for who, *_ in rows], pa.string()),
            "city": [f"c{city}" for _, city, _, _ in rows],
            "age": [20 + age for _, _, age, _ in rows],
            "category": pa.array([what for *_, what in rows], pa.string()),
        }
    )


def in_buckets(data, buckets, samples, most=MOST_ROWS):
    stages = Stages(buckets)
    classes = classes_of(source_of(data, buckets, most=most), {}, stages)
    return histories_of(classes, references_of(classes, stages), stages, samples)


NAMED = [None, ["city", "age"], ["city"], ["age", "category"], ["category"]]
"""Points of which the columns that all groups have in common, city and age, are a part, and others."""


@pytest.mark.parametrize("named", NAMED)
@examples(0.5)
@given(BUCKET_COUNTS, tables(), st.sampled_from([1, 3, 2_000]), st.sampled_from(FEW_ROWS))
def test_histories_are_the_same_in_any_number_of_buckets(named, buckets, table, samples, most):
    data = data_of(asked(**({"history": named} if named else {})), table)["a"]
    whole = Candidate(data, {}, data.everything)
    wanted = histories(whole.belongings, samples) if whole.counted else None
    assert in_buckets(data, buckets, samples) == wanted


@pytest.mark.parametrize("named", [None, ["city"]])
def test_one_person_and_one_point_of_very_many_are_counted(named):
    random = np.random.default_rng(5)
    who = [f"u{one}" for one in random.integers(0, 300, 3_000)] + [None] * 3_000
    cities = [f"c{one}" for one in random.zipf(1.5, 6_000) % 500]
    ages = random.integers(0, 40, 6_000)
    table = pa.table({"buyer": who, "city": cities, "age": ages, "category": ["a"] * 6_000})
    data = data_of(asked(**({"history": named} if named else {})), table)["a"]
    found = in_buckets(data, 16, 100)
    assert found == histories(Candidate(data, {}, data.everything).belongings, 100)
    assert [one.points for one in found] == [1, 2, 3, 4]
    assert 0 < found[1].share < 1


def test_a_release_without_anybody_has_no_histories():
    data = data_of(
        asked(), pa.table({"buyer": pa.array([None], pa.string()), "city": ["c"], "age": [1], "category": ["a"]})
    )["a"]
    assert in_buckets(data, 2, 2_000) is None
