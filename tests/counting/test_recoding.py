"""Records that are recoded in rounds are recoded alike in any number of buckets and over all records together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.counting import combinations
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.terms import LabelName

from ..kit.crowds import crowd, turn
from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKETS, FEW_ROWS
from .test_labels import aside, same

KNOWN_TO_FEW = {"controls": "high", "motive": "low", "prevalence": 0.001, "acquaintances": 0, "security": "high"}
AGES = {20: 50, 22: 2, 24: 2, 26: 2, 30: 2, 32: 2, 34: 2, 41: 1, 52: 1, 63: 1}
"""How many people have each age: enough by themselves, by decades, or only by forty years."""


@st.composite
def tables(draw):
    """Some cities and ages that many people have, and some that few have, of whom some share a telephone."""
    many = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(20, 29)), min_size=1, max_size=3, unique=True))
    few = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(20, 45), st.integers(1, 4)), max_size=12))
    share = draw(st.integers(2, 40))
    cells = [{"city": city, "age": age} for city, age in many for _ in range(20)]
    cells += [{"city": city, "age": age} for city, age, persons in few for _ in range(persons)]
    return crowd(
        cells,
        1,
        draw(st.integers(1, 2)),
        phone=lambda who: f"1380013{who.number % share if who.number % 3 == 0 else who.number:04d}",
        category=lambda who: turn("abc", who.person + who.order + who.number),
    )


def recoding(rounds, **more):
    fields = roles(direct="buyer phone:mobile", quasi="city age", sensitive="category")
    kept = {"age": {"generalize": {"ranges": [2, 10, 40]}}}
    asked = {"require": {"suppression": 0.5}, "search": {"rounds": rounds}, "environment": KNOWN_TO_FEW}
    return policy(fields, a=release("enclave", "city category", kept, **asked, **more))


def both(spec, table, buckets, most):
    job, found = measured(spec, table)
    whole = decide(job, found, 1.0).releases["a"]
    return decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases["a"], whole


def recoded_alike(parts, whole):
    assert [one.levels for one in parts.rounds] == [one.levels for one in whole.rounds]
    assert [one.passed.tolist() for one in parts.rounds] == [one.passed.tolist() for one in whole.rounds]
    same(parts, whole)


@pytest.mark.parametrize("buckets", BUCKETS[:-1])
@examples(0.2)
@given(tables(), st.integers(1, 3), st.sampled_from(FEW_ROWS))
def test_records_are_recoded_alike_in_any_number_of_buckets(buckets, table, rounds, most):
    recoded_alike(*both(recoding(rounds), table, buckets, most))


def by_age():
    """People of one city, of every age as many as `AGES` says, who ordered two things each."""
    return crowd(
        [{"city": "a", "age": age} for age, persons in AGES.items() for _ in range(persons)],
        1,
        2,
        phone=lambda who: f"1380013{who.number:04d}",
        category=lambda who: turn("abc", who.order + who.number),
    )


@pytest.mark.parametrize(("buckets", "most"), [(2, 0), (16, 3), (1000, MOST_ROWS)])
def test_what_two_rounds_pass_on_is_given_out_at_levels_of_its_own(buckets, most):
    parts, whole = both(recoding(3, attackers={"neighbour": {"knows": ["age"]}}), by_age(), buckets, most)
    assert len(whole.rounds) == 3
    assert whole.label.label == LabelName.ANONYMIZED
    recoded_alike(parts, whole)


def test_rounds_begin_with_the_levels_at_which_combinations_are_few(monkeypatch):
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", 20)
    parts, whole = both(recoding(3), by_age(), 2, MOST_ROWS)
    assert [one.levels["age"] for one in whole.rounds] == [0, 1, 2]
    assert [one.levels["age"] for one in parts.rounds] == [1, 2]
    assert parts.label.label == LabelName.ANONYMIZED
    assert parts.records == whole.records
