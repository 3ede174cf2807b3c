import itertools
from collections import defaultdict

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.combinations import combinations

from ..kit.examples import examples
from .tables import keys

# Manning, Haglin, Keane: A recursive search algorithm for statistical disclosure assessment (2008), as sdcMicro tests it.
BOOK = {
    "age": ["20s"] * 7 + ["60s"],
    "gender": ["male"] * 4 + ["female"] * 3 + ["male"],
    "income": ["50k+"] * 2 + ["50k-"] * 6,
    "education": ["highschool"] * 4 + ["university", "highschool", "middleschool", "university"],
}
# Benschop, Machingauta, Welch: Statistical Disclosure Control: a practice guide, section on SUDA.
GUIDE = {
    "residence": ["urban"] * 4 + ["rural"] + ["urban"] * 5,
    "gender": ["f", "f", "f", "m", "f", "m", "f", "m", "f", "f"],
    "education": ["sec-", "sec-", "prim-", "sec", "sec", "sec", "prim", "post", "sec-", "sec-"],
    "labor": ["emp", "emp", "non", "emp", "un", "emp", "non", "un", "non", "non"],
}


def of(table, subject=None, **options):
    rows = len(next(iter(table.values())))
    who = None if subject is None else keys(subject)
    return combinations({name: keys(column) for name, column in table.items()}, np.ones(rows, np.int64), who, **options)


@pytest.mark.parametrize(
    ("table", "scores"), [(BOOK, [0, 0, 0, 0, 4, 2, 6, 8]), (GUIDE, [0, 0, 6, 0, 12, 0, 6, 10, 0, 0])]
)
def test_the_scores_are_those_of_the_literature(table, scores):
    assert of(table).scores.tolist() == scores


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_contributions_are_the_shares_of_the_score(order):
    table = {"a": [2, 1, 1], "b": [0, 3, 0], "c": [0, 6, 0]}
    found = of({name: table[name] for name in order})
    assert found.contributions == {"a": 0.5, "b": 0.375, "c": 0.375}
    assert found.scores.tolist() == [2, 4, 2]


ROWS = st.lists(st.tuples(*[st.sampled_from("xyz")] * 4, st.sampled_from("pqrst")), min_size=1, max_size=30)


@examples(0.4)
@given(ROWS)
def test_every_set_is_counted_as_sql_counts_it(rows):
    table = pd.DataFrame(rows, columns=[*"abcd", "who"])
    found = of({name: table[name].tolist() for name in "abcd"}, table["who"].tolist())
    assert len(found.found) == found.possible == 15
    for one in found.found:
        by = ", ".join(one.fields)
        sql = f"""SELECT count(DISTINCT who) FROM (SELECT any_value(who) AS who FROM "table" GROUP BY {by}
                  HAVING count(DISTINCT who) = 1)"""
        assert one.unique_subjects == duckdb.execute(sql).fetchall()[0][0]
        assert one.share == pytest.approx(one.unique_subjects / table["who"].nunique())


@examples(0.4)
@given(ROWS)
def test_scores_are_those_of_counting_by_hand(rows):
    columns = list(zip(*rows, strict=True))[:4]
    expected = np.zeros(len(rows))
    minimal = defaultdict(list)
    for size in range(1, 5):
        for chosen in itertools.combinations(range(4), size):
            tuples = [tuple(columns[place][row] for place in chosen) for row in range(len(rows))]
            for row in range(len(rows)):
                if tuples.count(tuples[row]) == 1 and not any(set(part) <= set(chosen) for part in minimal[row]):
                    minimal[row].append(chosen)
                    expected[row] += {1: 6, 2: 2, 3: 1, 4: 1}[size]
    found = of(dict(zip("abcd", map(list, columns), strict=True)))
    assert found.scores.tolist() == expected.tolist()


def test_a_histograms_counts_stand_for_records():
    columns = {"a": keys(["x", "y"])}
    found = combinations(columns, np.array([2, 1]), None)
    assert [one.unique_subjects for one in found.found] == [1]
    assert found.found[0].share == pytest.approx(1 / 3)


def test_the_largest_sets_follow_within_the_budget():
    table = {name: ["x", "y"] for name in "abcdef"}
    sizes = [len(one.fields) for one in of(table, most=2, budget=22).found]
    assert sorted(sizes) == [1] * 6 + [2] * 15 + [6]
    assert of(table, most=2, budget=22).possible == 63


def test_every_small_set_is_looked_at_whatever_the_budget():
    table = {name: ["x", "y", "y"] for name in "abcdefgh"}
    found = of(table, most=3, budget=10)
    assert [len(one.fields) for one in found.found] == [1] * 8 + [2] * 28 + [3] * 56
    assert found.contributions == pytest.approx(dict.fromkeys("abcdefgh", 1 / 8))


def test_nulls_are_values_and_one_class_singles_nobody_out():
    assert of({"a": [None, "x", "x"]}).found[0].unique_subjects == 1
    assert of({"a": ["x"] * 5}, subject=list("pqrst")).found[0].unique_subjects == 0
    assert of({"a": ["x"] * 5}, subject=["p"] * 5).found[0].unique_subjects == 1
