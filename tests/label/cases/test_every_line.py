"""One run whose releases break every line of the label rule, and its twin that breaks none."""

import pytest

from ...kit.crowds import crowd, grid, mobile, turn
from ...kit.policies import policy, release, roles
from .kit import Case, judge, run

GOODS = ("食品", "图书", "药品", "玩具")
FIELDS = roles(direct="buyer phone:mobile", quasi="city age:integer", sensitive="goods")
SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
KNOWS = {"neighbour": {"knows": ["city", "age"]}}


def bought(who):
    return turn(GOODS, who.person)


def few():
    """Forty people, each of an age of its own, and one of them with half of all orders."""
    table = crowd(
        grid(city=["A", "B"]), 20, phone=lambda who: mobile(who.number), age=lambda who: who.number, goods=bought
    )
    return table.take([*range(table.num_rows), *([0] * table.num_rows)])


def many():
    """Eighty people in each of two cities, all of an age."""
    return crowd(grid(city=["A", "B"]), 80, phone=lambda who: mobile(who.number), age=lambda _: 30, goods=bought)


WORST = policy(
    FIELDS,
    worst=release("controlled", "phone city age goods", {"buyer": {"tokenize": {}}}, attackers=KNOWS),
    beside=release("controlled", "city age goods"),
)
BEST = policy(
    FIELDS,
    best=release("controlled", "city age goods", environment=SAFE, attackers=KNOWS),
    beside=release("controlled", "city goods", environment=SAFE),
)


@pytest.fixture(scope="module")
def worst(tmp_path_factory):
    """The lines that fail, by release."""
    outcome = run(Case("worst", "Every line fails.", few, WORST), tmp_path_factory.mktemp("worst"))
    assert {label["label"] for label in outcome.labels.values()} == {"still_personal"}
    return {line for name in outcome.labels for line in outcome.failing(name)}


@pytest.mark.parametrize("line", range(1, 10))
def test_each_line_of_the_rule_fails_where_everything_is_wrong(worst, line):
    assert line in worst


def test_none_fails_where_nothing_is(tmp_path):
    judge(run(Case("best", "No line fails.", many, BEST), tmp_path))
