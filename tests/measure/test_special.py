"""Persons with sensitive information and under fourteen, by the fields that tell."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.measure.special import BITS, special_bits
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.policy.special_persons import Special, special_fields, telling_age
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import Records

from ..kit.fingerprints import KEY
from ..kit.policies import policy, release

AT = "2026-03-01T08:00:00+00:00"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_card(born: str) -> str:
    """An identity number of somebody made up who was born then."""
    digits = f"110101{born}001"
    return digits + "10X98765432"[sum(int(one) * weight for one, weight in zip(digits, WEIGHTS, strict=True)) % 11]


def bits(fields, columns):
    made = policy_from_mapping(policy(fields, top={"subject": "who"}, a=release("enclave", " ".join(fields))))
    special = special_fields(made, made.fields)
    keys = RecordKeys(
        Job(made, ("a",), fingerprint_key=KEY), Records(columns, np.arange(len(next(iter(columns.values())))))
    )
    found = special_bits(made, special, keys, AT)
    return [{str(group) for group in Special if one & BITS[group]} for one in found]


def young(name, column, **spec):
    fields = {"who": {"role": "direct_identifier"}, name: {"role": "quasi_identifier", **spec}}
    who = pa.array([f"p{row}" for row in range(len(column))])
    return ["under_14" in one for one in bits(fields, {"who": who, name: column})]


@pytest.mark.parametrize("code", [False, True])
def test_identity_numbers_tell_the_day_of_birth(code):
    numbers = [id_card("20120301"), id_card("20120302"), id_card("19900101"), None, "no number", id_card("20251231")]
    column = pa.array(numbers).dictionary_encode() if code else pa.array(numbers)
    fields = {"who": {"role": "direct_identifier"}, "证件": {"role": "direct_identifier", "kind": "id_card"}}
    found = bits(fields, {"who": pa.array([f"p{row}" for row in range(len(numbers))]), "证件": column})
    assert ["under_14" in one for one in found] == [False, True, False, False, False, True]
    assert all(one in (set(), {"under_14", "sensitive"}) for one in found)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("birth_date", ["2012-03-01", "2012-03-02", "2012/3/2", "2012年3月2日", "20120302", None, "soon"], "0111100"),
        ("生日", ["2012-03-01", "2012-04", "2012", "1990"], "0110"),
        ("customer_birth_year", ["2011", "2012", "2013", "1899", "3000"], "01100"),
        ("age", ["13", "14", "13 years", "", None, "130"], "101000"),
        ("年龄", ["0", "13", "14"], "110"),
        ("is_child", ["true", "false", "1", "0", None, "soon"], "101000"),
        ("isMinor", ["yes", "no"], "10"),
        ("未成年", ["是", "否", "未成年", "成年"], "1010"),
        ("是否未满14周岁", ["是", "否"], "10"),
        ("未满14", ["Y", "N"], "10"),
    ],
)
def test_texts_are_read_and_what_is_not_known_exactly_counts_as_young(name, values, expected):
    assert young(name, pa.array(values)) == [one == "1" for one in expected]


def test_typed_columns_are_read():
    days = [datetime.date(2012, 3, 1), datetime.date(2012, 3, 2), None]
    assert young("birthday", pa.array(days)) == [False, True, False]
    times = [datetime.datetime(2012, 3, 2, 12), None]
    assert young("birthday", pa.array(times)) == [True, False]
    assert young("age", pa.array([13, 14, None], pa.int64())) == [True, False, False]
    assert young("birth_year", pa.array([2012, 2011, None], pa.int32())) == [True, False, False]
    assert young("is_child", pa.array([True, False, None])) == [True, False, False]
    assert young("under_14", pa.array([1, 0, None], pa.int8())) == [True, False, False]


@given(st.dates(datetime.date(1950, 1, 1), datetime.date(2026, 3, 1)))
def test_whoever_has_not_had_the_fourteenth_birthday_is_under_fourteen(born):
    had = (2026 - born.year) - ((born.month, born.day) > (3, 1))
    assert young("birth_date", pa.array([born.isoformat()])) == [had < 14]


@pytest.mark.parametrize(
    "name",
    [
        "page",
        "image",
        "language",
        "storage",
        "message",
        "goods",
        "stage",
        "package",
        "children_shoes",
        "minor_units",
        "child_order_id",
        "儿童用品",
    ],
)
def test_names_that_only_look_like_it_tell_no_age(name):
    fields = {"who": {"role": "direct_identifier"}, name: {"role": "quasi_identifier"}}
    made = policy_from_mapping(policy(fields, top={"subject": "who"}, a=release("enclave", " ".join(fields))))
    assert telling_age(made, name) is None


def test_a_value_of_a_sensitive_field_is_sensitive_and_a_null_is_not():
    fields = {"who": {"role": "direct_identifier"}, "illness": {"role": "sensitive"}}
    columns = {"who": pa.array(["a", "b", "c"]), "illness": pa.array(["flu", None, "cold"])}
    assert bits(fields, columns) == [{"sensitive"}, set(), {"sensitive"}]
