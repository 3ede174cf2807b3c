"""The row filter: what a policy may write, and which records meet it."""

import datetime
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256, read_policy
from beam_deid.transforms.policy.where import is_bare_date

from ..kit.gated import gated

FIELDS = {
    "buyer": {"role": "direct_identifier"},
    "city": {"role": "quasi_identifier"},
    "paid": {"role": "quasi_identifier", "kind": "decimal"},
    "count": {"role": "quasi_identifier", "kind": "integer"},
    "day": {"role": "quasi_identifier", "kind": "date"},
    "agreed": {"role": "insensitive", "kind": "boolean"},
    "said": {"role": "insensitive"},
}
CITIES = ("杭州", "宁波", None)
ROWS = [
    (city, paid, count, day, agreed)
    for city in CITIES
    for paid in ("9.99", "10.00", None)
    for count in (0, 7, None)
    for day in ("2026-01-31", "2026-02-01", None)
    for agreed in ("是", "否", None)
]


def policy(where):
    return {
        "version": 1,
        "dataset": "shop",
        "subject": "buyer",
        "register": "none",
        "fields": FIELDS,
        "releases": {"crm": {"purpose": "test", "sharing": "enclave", "fields": {"city": "keep"}, "where": where}},
    }


def records(rows):
    columns = [pa.array(values) for values in zip(*rows, strict=True)]
    names = ["city", "paid", "count", "day", "agreed"]
    buyers = pa.array([f"b{number}" for number in range(len(rows))])
    return pa.table(
        {"buyer": buyers, **dict(zip(names, columns, strict=True)), "said": pa.array(["是"] * len(rows), pa.string())}
    )


def met(where):
    with tempfile.TemporaryDirectory() as folder:
        passed, withheld = gated(Path(folder), policy(where), records(ROWS))
    assert withheld.total() == len(ROWS) - len(passed)
    assert {*withheld} <= {"where"}
    return passed


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"city": "杭州"}, lambda r: r[0] == "杭州"),
        ({"city": ["杭州", None]}, lambda r: r[0] != "宁波"),
        ({"city": None}, lambda r: r[0] is None),
        ({"city": {"null": False}}, lambda r: r[0] is not None),
        ({"city": {"null": True}}, lambda r: r[0] is None),
        ({"paid": 10}, lambda r: r[1] == "10.00"),
        ({"paid": "9.99"}, lambda r: r[1] == "9.99"),
        ({"paid": {"below": 10}}, lambda r: r[1] == "9.99"),
        ({"paid": {"from": 9.99, "to": 10}}, lambda r: r[1] is not None),
        ({"count": {"from": 1}}, lambda r: r[2] == 7),
        ({"day": {"from": "2026-02-01"}}, lambda r: r[3] == "2026-02-01"),
        ({"day": ["2026-01-31"]}, lambda r: r[3] == "2026-01-31"),
        ({"agreed": "是"}, lambda r: r[4] == "是"),
        ({"agreed": True, "city": ["宁波"]}, lambda r: r[4] == "是" and r[0] == "宁波"),
        ({"said": "是"}, lambda r: True),
        ({"said": "否"}, lambda r: False),
    ],
)
def test_records_meet_the_conditions_on_values_as_their_kinds_read_them(where, expected):
    assert met(where) == [number for number, row in enumerate(ROWS) if expected(row)]


@given(
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(0, 9)),
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=20),
)
def test_a_range_is_from_its_least_to_below_its_end(least, end, values):
    bounds = {name: value for name, value in (("from", least), ("below", end)) if value is not None}
    rows = [("杭州", None, value, None, None) for value in values]
    with tempfile.TemporaryDirectory() as folder:
        passed, _ = gated(Path(folder), policy({"count": bounds or {"null": False}}), records_of_counts(rows))
    low = -1 if least is None else least
    high = 99 if end is None else end
    assert passed == [number for number, value in enumerate(values) if value is not None and low <= value < high]


def records_of_counts(rows):
    table = records(rows)
    return table.set_column(3, "count", pa.array([row[2] for row in rows], pa.int64()))


def test_a_policy_that_is_written_out_reads_back_and_has_the_same_name():
    from beam_deid.transforms.policy.canonical import policy_document

    made = policy_from_mapping(policy({"city": ["杭州", None], "paid": {"from": 1, "below": 2}, "day": "2026-01-31"}))
    again = policy_from_mapping(policy_document(made))
    assert again == made
    assert policy_sha256(again) == policy_sha256(made)
    assert policy_sha256(made) != policy_sha256(policy_from_mapping(policy({"city": ["杭州"]})))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("{town: 杭州}", "9: releases.crm.where.town: no field is called 'town'"),
        ("{paid: ten}", "9: releases.crm.where.paid: value 1 can be none of paid, whose kind is decimal"),
        ("{count: [1, 1.5]}", "where.count: value 2 can be none of count"),
        ("{count: {from: 1, to: ten}}", "where.count: to can be no value of count"),
        ("{at: [2026-03-05 00:00:00, 2026-03-05]}", "value 2 is a day, and at has times; write {from: DAY, to: DAY}"),
        ("{at: 20260305}", "value 1 is a day, and at has times"),
        ("{count: {from: 1, null: true}}", "say values, or a range by from, to or below, or null: one of these"),
        ("{count: {to: 1, below: 2}}", "to is the greatest value, and below the least that is too great; say one"),
        ("{count: {from: 1, unto: 2}}", "unto"),
        ("{mobile: {from: 1}}", "mobile is of kind mobile, which has no order; name its values"),
        ("{city: []}", "where.city"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(tmp_path, where, told):
    path = tmp_path / "policy.yaml"
    fields = "city: {role: quasi_identifier}, paid: {role: insensitive, kind: decimal}, count: {role: insensitive, kind: integer}"
    fields += ", at: {role: insensitive, kind: timestamp}"
    path.write_text(
        "version: 1\ndataset: shop\nsubject: buyer\nregister: none\n"
        f"fields: {{buyer: {{role: direct_identifier}}, mobile: {{role: direct_identifier, kind: mobile}}, {fields}}}\n"
        "releases:\n  crm:\n    purpose: test\n"
        f"    where: {where}\n    sharing: enclave\n    fields: {{city: keep}}\n",
        "utf-8",
    )
    with pytest.raises(PolicyError) as raised:
        read_policy(str(path))
    assert told in str(raised.value)


@pytest.mark.parametrize("value", ["王伟 13800138000", "王伟", "zhang@example.com", "John Smith"])
@pytest.mark.parametrize("condition", [lambda value: value, lambda value: [1, value], lambda value: {"below": value}])
def test_no_value_of_a_condition_stands_in_a_message(value, condition):
    with pytest.raises(PolicyError) as raised:
        policy_from_mapping(policy({"count": condition(value)}))
    assert value not in str(raised.value)
    assert "count, whose kind is integer" in str(raised.value)


MOMENTS = [
    "2026-03-04 23:59:59.999999",
    "2026-03-05 00:00:00",
    "2026-03-05 12:30:00",
    "2026-03-05 23:59:59.999999",
    "2026-03-06 00:00:00",
    None,
]


@pytest.mark.parametrize("declared", ["timestamp", None])
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"to": "2026-03-05"}, [0, 1, 2, 3]),
        ({"from": "2026-03-05", "to": "2026-03-05"}, [1, 2, 3]),
        ({"to": "2026-03-05 00:00:00"}, [0, 1]),
        ({"to": "2026-03-05T12:30:00"}, [0, 1, 2]),
        ({"below": "2026-03-05"}, [0]),
        ({"from": "2026-03-05"}, [1, 2, 3, 4]),
    ],
)
def test_a_day_as_the_greatest_time_is_all_of_that_day(tmp_path, condition, expected, declared):
    made = policy({"at": condition})
    made["fields"] = FIELDS | {"at": {"role": "insensitive"} | ({"kind": declared} if declared else {})}
    times = pa.array(
        [None if one is None else datetime.datetime.fromisoformat(one) for one in MOMENTS], pa.timestamp("us")
    )
    passed, withheld = gated(tmp_path, made, records(ROWS[: len(MOMENTS)]).append_column("at", times))
    assert passed == expected
    assert withheld == {"where": len(MOMENTS) - len(expected)}


@pytest.mark.parametrize(
    ("value", "is_day"),
    [
        ("2026-03-05", True),
        ("20260305", True),
        ("2026/3/5", True),
        ("2026年3月5日", True),
        ("5 Mar 2026", True),
        ("2026-03-05Z", True),
        ("2026-03-05+08:00", True),
        ("2026-03-05 00:00", False),
        ("2026/3/5 0:00", False),
        ("2026-03-05T00:00:00Z", False),
        ("2026-03-05 00:00:00+08:00", False),
        ("20260305000000", False),
        ("2026/3/5 3 PM", False),
        ("1772668800", False),
        ("46086.5", False),
        (1772668800, False),
        (20260305, True),
        (None, False),
    ],
)
def test_a_day_is_told_from_a_time_as_it_is_written(value, is_day):
    assert is_bare_date(value) is is_day


def test_a_day_in_digits_is_a_day_or_refused_and_no_number_of_seconds(tmp_path):
    made = policy({"at": {"to": 20260305}})
    times = pa.array([datetime.datetime(2026, 3, 5, 12), datetime.datetime(2026, 3, 6)], pa.timestamp("us"))
    given = records(ROWS[:2]).append_column("at", times)
    made["fields"] = FIELDS | {"at": {"role": "insensitive", "kind": "timestamp"}}
    assert gated(tmp_path, made, given) == ([0], {"where": 1})
    made["fields"] = FIELDS | {"at": {"role": "insensitive"}}
    with pytest.raises(PolicyError, match="cannot be one of at"):
        gated(tmp_path, made, given)


def test_a_day_among_values_of_times_is_told_where_only_the_files_say_that_they_are_times(tmp_path):
    made = policy({"at": ["2026-03-05"]})
    made["fields"] = FIELDS | {"at": {"role": "insensitive"}}
    times = pa.array([datetime.datetime(2026, 3, 5)], pa.timestamp("us"))
    with pytest.raises(PolicyError, match="at has times"):
        gated(tmp_path, made, records(ROWS[:1]).append_column("at", times))


def test_a_value_that_files_cannot_hold_stops_the_run_before_it_reads(tmp_path):
    table = pa.table(
        {
            "buyer": ["a"],
            "city": ["x"],
            "paid": ["1"],
            "count": [1],
            "day": ["2026-01-01"],
            "agreed": ["是"],
            "said": [3],
        }
    )
    with pytest.raises(PolicyError, match="cannot be one of said, which is int64 in the files"):
        gated(tmp_path, policy({"said": "many"}), table)
    assert gated(tmp_path, policy({"said": 3}), table) == ([0], {})
    assert gated(tmp_path, policy({"said": {"below": 3}}), table) == ([], {"where": 1})


def test_values_of_a_typed_column_are_met_by_value(tmp_path):
    table = records(ROWS[:1])
    typed = table.set_column(2, "paid", pa.array([Decimal("9.99")]))
    typed = typed.set_column(4, "day", pa.array([datetime.date(2026, 1, 31)]))
    assert gated(tmp_path, policy({"paid": "9.99", "day": "2026-01-31"}), typed) == ([0], {})
