import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.read_as import arrow_type, to_kind, to_text
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP


def read(values, kind, given=None):
    column, faults = to_kind(pa.array(values, given), kind)
    wrong = [False] * len(values) if faults is None else faults.to_pylist()
    assert column.type == arrow_type(kind, given or pa.string())
    return ["FAULT" if bad else value for bad, value in zip(wrong, column.to_pylist(), strict=True)]


F = "FAULT"
CASES = [
    (INTEGER, ["1", " 7 ", "+5", "-0", "007", "", None], [1, 7, 5, 0, 7, None, None]),
    (INTEGER, ["1.0", "1,000", "１２", "abc", "0x1", "1e3", "９", "+-5"], [F] * 8),
    (
        INTEGER,
        ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999"],
        [2**63 - 1, F, -(2**63), F],
    ),
    (NUMBER, ["1.5", ".5", "5.", "-1e3", "+2", ""], [1.5, 0.5, 5.0, -1000.0, 2.0, None]),
    (NUMBER, ["nan", "inf", "1e999", "1,234.50", "1.2.3", "$5"], [F] * 6),
    (NUMBER, ["￥5", "-¥ 3.5", "128.00元", "12.5%", "CNY 7"], [5.0, -3.5, 128.0, 0.125, 7.0]),
    (
        DECIMAL,
        ["12.30", "12", "-0.5", "12.345", "1e2"],
        [Decimal("12.30"), Decimal("12.00"), Decimal("-0.50"), F, F],
    ),
    (BOOLEAN, ["true", "0", "是", "maybe", ""], [True, False, True, F, None]),
    (DATE, ["2025-01-02", "2025/1/2", "20250102", "2025年1月2日", "2025-02-30"], [dt.date(2025, 1, 2)] * 4 + [F]),
]


@pytest.mark.parametrize(("kind", "values", "expected"), CASES, ids=lambda value: str(value)[:20])
def test_text_is_read_as_its_kind_or_is_a_fault(kind, values, expected):
    assert read(values, kind, pa.string()) == expected


MOMENTS = {
    "2025-01-02 03:04:05": dt.datetime(2025, 1, 2, 3, 4, 5),
    "2025-01-02T03:04:05.678": dt.datetime(2025, 1, 2, 3, 4, 5, 678000),
    "2025-01-02": dt.datetime(2025, 1, 2),
    "2025/1/2 3:04": dt.datetime(2025, 1, 2, 3, 4),
    "2025.1.2": dt.datetime(2025, 1, 2),
    "2025年1月2日 3:04": dt.datetime(2025, 1, 2, 3, 4),
    "20250102": dt.datetime(2025, 1, 2),
    "20250102030405": dt.datetime(2025, 1, 2, 3, 4, 5),
    "2025-01-02T03:04:05Z": dt.datetime(2025, 1, 2, 3, 4, 5),
    "2025-01-02T03:04:05+08:00": dt.datetime(2025, 1, 1, 19, 4, 5),
    "2025-01-02 03:04:05-0330": dt.datetime(2025, 1, 2, 6, 34, 5),
    "1735787045": dt.datetime(2025, 1, 2, 3, 4, 5),
    "1735787045000": dt.datetime(2025, 1, 2, 3, 4, 5),
    "2024-02-29": dt.datetime(2024, 2, 29),
    "2000-02-29": dt.datetime(2000, 2, 29),
}
NO_MOMENTS = [
    "2025-02-29",
    "1900-02-29",
    "2025-02-30",
    "2025-04-31",
    "2025-13-01",
    "2025-00-10",
    "2025-01-32",
    "2025-01-02 24:00:00",
    "2025-01-02 03:60:00",
    "yesterday",
    "２０２５-01-02",
    "2025-1",
    "123",
    "2025-01-02 13:04:05 PM",
    "20251301",
]


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_read_alone_and_among_others(text):
    assert read([text], TIMESTAMP, pa.string()) == [MOMENTS[text]]


def test_moments_of_all_forms_and_faults_are_told_apart_in_one_column():
    texts = [*MOMENTS, *NO_MOMENTS, None, ""]
    assert read(texts, TIMESTAMP, pa.string()) == [*MOMENTS.values(), *[F] * len(NO_MOMENTS), None, None]


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_names_no_moment_is_a_fault(text):
    assert read([text], TIMESTAMP, pa.string()) == [F]


@given(st.lists(st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 1, 1)), min_size=1))
def test_iso_text_comes_back_as_the_moment_it_was(moments):
    assert read([moment.isoformat(" ") for moment in moments], TIMESTAMP, pa.string()) == moments


def test_whole_numbers_are_seconds_or_milliseconds():
    values = [1735787045, 1735787045000, -1, None]
    assert read(values, TIMESTAMP, pa.int64()) == [dt.datetime(2025, 1, 2, 3, 4, 5)] * 2 + [F, None]


def test_numbers_become_text_without_losing_or_adding_digits():
    assert read([13800138000, None], MOBILE, pa.int64()) == ["13800138000", None]
    assert read([13800138000.0, 1.5], TEXT, pa.float64()) == ["13800138000", "1.5"]


def test_a_number_that_would_lose_its_fraction_is_a_fault():
    assert read([1.0, 1.5], INTEGER, pa.float64()) == [1, F]


def test_not_a_number_is_a_fault():
    assert read([1.0, float("nan"), float("inf")], NUMBER, pa.float64()) == [1.0, F, F]


def test_broken_utf8_is_a_fault_of_its_row_alone():
    broken = pa.array([b"good", b"\xff\xfe", None]).view(pa.string())
    column, faults = to_text(broken)
    assert faults.to_pylist() == [False, True, False]
    assert column.to_pylist() == ["good", None, None]


@pytest.mark.parametrize("kind", [TEXT, INTEGER, TIMESTAMP, None])
def test_a_dictionary_and_a_plain_column_agree(kind):
    plain = pa.array(["1", "x", None, "1", "20250102", ""])
    column, faults = to_kind(plain, kind)
    coded, coded_faults = to_kind(plain.dictionary_encode(), kind)
    assert coded.to_pylist() == column.to_pylist()
    assert (coded_faults is None) == (faults is None)
    assert faults is None or coded_faults.to_pylist() == faults.to_pylist()


def test_zones_become_utc():
    zoned = pa.array([dt.datetime(2025, 1, 1, 19, 4, 5)], pa.timestamp("ms", "Asia/Shanghai"))
    assert read([None], TIMESTAMP, zoned.type) == [None]
    assert to_kind(zoned, TIMESTAMP)[0].to_pylist() == [dt.datetime(2025, 1, 1, 19, 4, 5)]


@given(st.lists(st.one_of(st.none(), st.text(max_size=20))), st.sampled_from(KINDS))
def test_no_text_makes_reading_fail(values, kind):
    column, faults = to_kind(pa.array(values, pa.string()), kind)
    assert len(column) == len(values)
    assert faults is None or faults.null_count == 0
