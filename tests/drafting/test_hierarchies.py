import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.drafting.hierarchies import rounded, suggest

from .columns import drafted, judged

CITIES = ["杭州市", "宁波市", "成都市", "北京市"]


def suggested(**columns):
    (name,) = columns
    return suggest(judged(drafted(**columns), name))


@given(st.floats(-1e12, 1e12, allow_nan=False).filter(lambda one: one == 0 or abs(one) > 1e-9))
def test_a_cut_point_has_one_digit_that_is_1_2_or_5(value):
    near = rounded(value)
    assert f"{abs(near):.0e}"[0] in "0125"
    assert abs(near - value) <= abs(value)
    assert not near or (near > 0) is (value > 0)


def test_bins_are_rounded_and_show_no_amount_of_anybody():
    values = [round(random.Random(i).uniform(3, 900), 2) for i in range(500)]
    bins = suggested(payment=values)["generalize"]
    assert set(bins["bins"]) <= {rounded(cut) for cut in bins["bins"]}
    assert not set(map(str, bins["bins"])) & {str(value) for value in values}
    assert set(bins["levels"][0]) < set(bins["bins"])


def test_bins_of_a_few_values_do_not_come_from_them():
    assert suggested(payment=[3137.11, 9741.5, 12.0])["generalize"] == {"bins": [10, 100, 1000], "levels": [[100]]}


def test_mostly_zero_discounts_get_bins_of_those_that_are_not():
    assert suggested(discount=[0.0] * 900 + [1.5, 3.0, 7.5, 12.0] * 30)["generalize"]["bins"] == [1, 2, 5, 10]


@pytest.mark.parametrize(
    ("columns", "action"),
    [
        ({"age": [20 + i % 50 for i in range(200)]}, {"ranges": [5, 10, 20]}),
        ({"birth_year": [1950 + i % 50 for i in range(200)]}, {"ranges": [5, 10, 20]}),
        ({"birthday": [f"19{50 + i % 50}-01-02" for i in range(200)]}, {"calendar": ["year"]}),
        (
            {"created": [f"2025-0{1 + i % 9}-02" for i in range(200)]},
            {"calendar": ["week", "month", "quarter", "year"]},
        ),
        ({"created": [f"20{10 + i % 9}-01-02" for i in range(200)]}, {"calendar": ["month", "quarter", "year"]}),
        ({"created": [f"2025-01-{10 + i % 9}" for i in range(200)]}, {"calendar": ["day", "week", "month"]}),
        ({"create_time": [1_748_631_451 + i * 9 for i in range(200)]}, {"calendar": ["day", "week", "month"]}),
        ({"city": CITIES * 50}, {"hierarchy": "cn_divisions"}),
        ({"area": ["浙江省杭州市西湖区", "四川省成都市锦江区"] * 50}, {"hierarchy": "cn_districts"}),
        ({"zip": [f"{655000 + i}" for i in range(200)]}, {"prefix": [4, 3, 2]}),
        ({"zip": [f"0{1000 + i}" for i in range(200)]}, {"prefix": [3, 2, 1]}),
        ({"week": [i % 53 for i in range(200)]}, {"ranges": [5, 10, 20]}),
    ],
)
def test_hierarchies_fit_what_a_column_is_about(columns, action):
    assert suggested(**columns) == {"generalize": action}


def test_a_place_that_the_hierarchy_does_not_know_is_not_released_by_it():
    assert suggested(city=[*CITIES, "Springfield"] * 50) == "keep"
    assert suggested(city=[*CITIES, *(f"Village {i}x" for i in range(60))] * 5) is None


def test_choices_are_kept_and_codes_of_many_values_are_left_to_a_person():
    assert suggested(gender=["f", "m"] * 60) == "keep"
    assert suggested(store_id=[i % 90 for i in range(900)]) is None


def test_direct_identifiers_have_no_hierarchy():
    assert suggested(customer_id=list(range(200))) is None


def test_every_suggestion_is_an_action():
    for columns in (
        {"payment": [1.5, 20.0] * 90},
        {"zip": [f"{655000 + i}" for i in range(200)]},
        {"week": list(range(60))},
    ):
        action = suggested(**columns)
        assert parse_action(action).name == "generalize"
