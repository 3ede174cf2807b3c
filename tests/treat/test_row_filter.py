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
        ("{paid: ten}", "9: releases.crm.where.paid: 'ten' can be no value of paid, whose kind is decimal"),
        ("{count: 1.5}", "where.count: '1.5' can be no value of count"),
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
