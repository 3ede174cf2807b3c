import datetime
import itertools

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.hierarchy import ALL
from beam_deid.transforms.errors import PolicyError, UsageError
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.terms import Reason

from .keyring import FixedKeys

TARGET = Target("r", "f")
MOMENT = datetime.datetime(2024, 12, 30, 13, 45)


def released(options, column):
    """What comes out at each level, finest first."""
    action = parse_action({"generalize": options})
    return [action.bind(TARGET, FixedKeys(), level)(column, None).values.to_pylist() for level in action.choices()]


@pytest.mark.parametrize(
    ("options", "column", "expected"),
    [
        ({"ranges": [5, 10, 20]}, pa.array([23]), ["20-24", "20-29", "20-39", ALL]),
        ({"ranges": [5, 10, 20]}, pa.array([20.0]), ["[20,25)", "[20,30)", "[20,40)", ALL]),
        ({"ranges": [1, 5]}, pa.array([23]), ["23", "20-24", ALL]),
        ({"ranges": [5, 10], "start": 3}, pa.array([2]), ["[-2,3)", "[-7,3)", ALL]),
        ({"ranges": [5, 10], "start": 3}, pa.array([8]), ["8-12", "3-12", ALL]),
        ({"ranges": [0.1, 0.5]}, pa.array([0.3]), ["[0.3,0.4)", "[0,0.5)", ALL]),
        ({"ranges": [5]}, pa.array([5_000_000_004.0]), ["[5000000000,5000000005)", ALL]),
        ({"bins": [50, 100]}, pa.array([49.99]), ["<50", ALL]),
        ({"bins": [50, 100]}, pa.array([50]), ["50-100", ALL]),
        ({"bins": [50, 100]}, pa.array([100]), [">=100", ALL]),
        ({"bins": [-0.5, 0, 5]}, pa.array([-0.2]), ["[-0.5,0)", ALL]),
        ({"bins": [50, 100, 200], "levels": [[50, 200], [200]]}, pa.array([150]), ["100-200", "50-200", "<200", ALL]),
        (
            {"calendar": ["hour", "day", "week", "month", "quarter", "year"]},
            pa.array([MOMENT]),
            ["2024-12-30T13", "2024-12-30", "2025-W01", "2024-12", "2024-Q4", "2024", ALL],
        ),
        ({"calendar": ["week", "year"]}, pa.array([MOMENT.date()]), ["2025-W01", "2024", ALL]),
        ({"calendar": ["quarter"]}, pa.array([datetime.datetime(1969, 7, 1)]), ["1969-Q3", ALL]),
        (
            {"calendar": ["day"]},
            pa.array([datetime.datetime(2025, 1, 1, 20)], pa.timestamp("us", "UTC")).cast(
                pa.timestamp("us", "Asia/Shanghai")
            ),
            ["2025-01-02", ALL],
        ),
        ({"prefix": [4, 2]}, pa.array(["330106"]), ["3301", "33", ALL]),
        ({"prefix": [4, 2]}, pa.array(["杭"]), ["杭", "杭", ALL]),
        (
            {"masks": [{"keep_first": 3, "keep_last": 2}, {"keep_first": 2}]},
            pa.array(["310012"]),
            ["310*12", "31****", ALL],
        ),
        ({"masks": [{"keep_first": 3, "keep_last": 2}, {"keep_first": 2}]}, pa.array(["3100"]), ["****", "****", ALL]),
        ({"hierarchy": "cn_divisions"}, pa.array(["杭州"]), ["杭州市", "浙江省", "华东", ALL]),
    ],
)
def test_a_value_is_released_at_each_level(options, column, expected):
    assert released(options, column) == [[label] for label in expected]


@pytest.mark.parametrize(
    ("options", "column", "reason"),
    [
        ({"ranges": [5]}, pa.array([1.0, float("nan"), float("inf"), None]), Reason.WRONG_TYPE),
        ({"ranges": [5]}, pa.array([1, 2**63 - 1, -(2**63), None]), Reason.WRONG_TYPE),
        ({"ranges": [5]}, pa.array([1, 2**64 - 1, 2**53, None], pa.uint64()), Reason.WRONG_TYPE),
        ({"bins": [5]}, pa.array([1.0, float("nan"), float("-inf"), None]), Reason.WRONG_TYPE),
        ({"hierarchy": "cn_divisions"}, pa.array(["杭州市", "Atlantis", "", None]), Reason.OUTSIDE_HIERARCHY),
    ],
)
def test_what_a_hierarchy_cannot_place_is_a_fault_at_every_level(options, column, reason):
    action = parse_action({"generalize": options})
    for level in action.choices():
        treated = action.bind(TARGET, FixedKeys(), level)(column, None)
        assert treated.faults.to_pylist() == [False, True, True, False]
        assert treated.values.to_pylist()[1:] == [None, None, None]
        assert treated.reason is reason


NESTING = [
    ({"ranges": [2, 10, 50]}, st.integers(-(10**6), 10**6)),
    ({"ranges": [0.5, 2.5]}, st.floats(-(10**6), 10**6)),
    ({"bins": [0, 1, 5, 50], "levels": [[1, 50], [50]]}, st.floats(-100, 100)),
    ({"calendar": ["hour", "day", "month", "quarter", "year"]}, st.datetimes()),
    ({"calendar": ["day", "week"]}, st.datetimes()),
    ({"prefix": [5, 3, 1]}, st.text(max_size=8)),
    ({"hierarchy": "cn_divisions"}, st.sampled_from(["杭州市", "杭州", "北京", "仙桃市", "宁波市", "成都市", "香港"])),
]


@given(data=st.data())
@pytest.mark.parametrize(("options", "values"), NESTING, ids=str)
def test_each_level_follows_from_the_one_before(options, values, data):
    column = pa.array(data.draw(st.lists(values, min_size=1, max_size=30)))
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    levels = released(options, column)
    for finer, coarser in itertools.pairwise(levels):
        assert len(set(zip(finer, coarser, strict=True))) == len(set(finer))
    assert set(levels[-1]) == {ALL}


@given(data=st.data())
@pytest.mark.parametrize(("options", "values"), NESTING, ids=str)
def test_released_values_follow_from_the_base_alone(options, values, data):
    column = pa.array(data.draw(st.lists(values, min_size=1, max_size=30)))
    hierarchy = parse_action({"generalize": options}).generalization_hierarchy()
    base = hierarchy.base(column).values
    for level, expected in enumerate(released(options, column)):
        assert hierarchy.at(base, level).to_pylist() == expected
        assert hierarchy.at(base.slice(1), level).to_pylist() == expected[1:]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "say exactly one of"),
        ({"ranges": [5], "prefix": [2]}, "given: ranges, prefix"),
        ({"ranges": [5, 12]}, "5 does not divide 12"),
        ({"ranges": [10, 5]}, "10 does not divide 5"),
        ({"ranges": [0]}, "greater than 0"),
        ({"ranges": []}, "at least one width"),
        ({"ranges": [float("nan")]}, "finite number"),
        ({"bins": [50], "start": 3}, "start goes with ranges"),
        ({"bins": [50, 50]}, "must ascend"),
        ({"bins": [50, 100], "levels": [[60]]}, "some of those of the level before"),
        ({"ranges": [5], "levels": [[5]]}, "go with bins only"),
        ({"bins": [50, 100], "levels": [[50], "*"]}, "not mixed"),
        ({"calendar": ["month", "day"]}, "finest first"),
        ({"calendar": ["fortnight"]}, "'hour'"),
        ({"prefix": [2, 4]}, "must descend"),
        ({"masks": []}, "at least one mask"),
        ({"masks": [{"keep_first": 2}, {"keep_first": 2}]}, "must keep less"),
        ({"masks": [{"keep_first": 2}, {"keep_first": 1, "keep_last": 1}]}, "must keep less"),
        ({"masks": [{"keep": 2}]}, "keep"),
        ({"prefix": [0]}, "at least 1"),
        ({"prefix": [4, 2], "level": 0, "levels": [0, 1]}, "say one of them"),
    ],
)
def test_options_that_make_no_hierarchy_are_refused(options, expected):
    with pytest.raises(ValidationError, match=expected):
        parse_action({"generalize": options})


def test_a_level_is_fixed_by_name_or_number_and_left_open_otherwise():
    assert Generalize(calendar=["day", "month"]).fixed_level() is None
    assert Generalize(calendar=["day", "month"]).choices() == (0, 1, 2)
    assert Generalize(calendar=["day", "month"], level="month").fixed_level() == 1
    assert Generalize(calendar=["day", "month"], level=0).choices() == (0,)
    assert Generalize(calendar=["day", "month"], levels=["*", "day"]).choices() == (0, 2)


def test_an_unknown_level_is_told_with_those_there_are():
    for action in (Generalize(ranges=[5, 10], level="10"), Generalize(ranges=[5, 10], levels=["by 7"])):
        assert "0 by 5, 1 by 10, 2 *" in (action.check(TARGET) or "")
    with pytest.raises(PolicyError):
        Generalize(ranges=[5], level=9).fixed_level()


def test_without_a_level_nothing_is_released():
    with pytest.raises(UsageError, match="no level is decided"):
        Generalize(ranges=[5]).bind(TARGET, FixedKeys())
    with pytest.raises(UsageError):
        Generalize(ranges=[5]).bind(TARGET, FixedKeys(), 7)


@pytest.mark.parametrize(
    ("options", "wanted", "fitting", "wrong"),
    [
        ({"ranges": [5]}, NUMBER, (INTEGER, DECIMAL, NUMBER), TEXT),
        ({"bins": [5]}, NUMBER, (INTEGER, DECIMAL, NUMBER), DATE),
        ({"calendar": ["day"]}, TIMESTAMP, (DATE, TIMESTAMP), INTEGER),
        ({"prefix": [2]}, TEXT, (TEXT, ORDER_NUMBER), None),
    ],
)
def test_a_hierarchy_wants_a_kind_and_refuses_one_that_does_not_fit(options, wanted, fitting, wrong):
    action = parse_action({"generalize": options})
    assert action.wants is wanted
    assert [action.check(Target("r", "f", kind)) for kind in fitting] == [None] * len(fitting)
    assert wrong is None or str(wrong) in (action.check(Target("r", "f", wrong)) or "")


def test_a_label_does_not_say_in_which_folder_a_hierarchy_stood():
    action = parse_action({"generalize": {"hierarchy": "/home/somebody/cities.csv", "level": 1}})
    assert action.sentence(TARGET) == "f is generalized by hierarchy (cities.csv); fixed at level 1"
