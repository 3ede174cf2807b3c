import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.shift import Shift
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds.text import TEXT

from .keyring import FixedKeys

TARGET = Target("r", "created")


def shifted(column, subject, target=TARGET, **options):
    return Shift(**options).bind(target, FixedKeys())(column, subject)


@given(st.integers(1, 400), st.lists(st.text(max_size=5), min_size=1, max_size=20))
def test_all_dates_of_a_subject_move_alike_by_at_least_one_and_at_most_the_days_said(days, subjects):
    dates = [datetime.date(2025, 1, 1) + datetime.timedelta(row) for row in range(len(subjects))]
    moved = shifted(pa.array(dates), pa.array(subjects), days=days).values.to_pylist()
    offsets = [(after - before).days for before, after in zip(dates, moved, strict=True)]
    assert all(1 <= abs(offset) <= days for offset in offsets)
    assert len(set(zip(subjects, offsets, strict=True))) == len(set(subjects))


def test_every_offset_but_zero_occurs():
    subjects = pa.array([f"person {number}" for number in range(300)])
    dates = pa.array([datetime.date(2025, 1, 1)] * 300)
    days = {(date - datetime.date(2025, 1, 1)).days for date in shifted(dates, subjects, days=3).values.to_pylist()}
    assert days == {-3, -2, -1, 1, 2, 3}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Asia/Shanghai"])
def test_time_of_day_unit_and_zone_stay(unit, zone):
    kind = pa.timestamp(unit, zone)
    column = pa.array([datetime.datetime(2025, 3, 1, 13, 45, 7)], pa.timestamp(unit)).cast(kind)
    moved = shifted(column, pa.array(["a"])).values
    assert moved.type == kind
    difference = moved.cast(pa.timestamp("us", zone))[0].as_py() - column.cast(pa.timestamp("us", zone))[0].as_py()
    assert difference.seconds == 0
    assert difference.days != 0


def test_fields_of_a_release_move_alike_and_a_domain_parts_them():
    dates = pa.array([datetime.date(2025, 1, 1)] * 50)
    subjects = pa.array([str(row) for row in range(50)])
    paid, created = (shifted(dates, subjects, Target("r", name)).values for name in ("paid", "created"))
    assert paid == created
    assert shifted(dates, subjects, domain="other").values != created


def test_a_record_without_subject_and_a_date_that_leaves_the_calendar_are_faults():
    dates = pa.array([datetime.date(2025, 1, 1), None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31)] * 20)
    subjects = pa.array([None, None] + [f"p{row}" for row in range(78)])
    treated = shifted(dates, subjects)
    faults = treated.faults.to_pylist()
    assert faults[:2] == [True, False]
    assert {True, False} == set(faults[2::4]) == set(faults[3::4])
    assert [value is None for value in treated.values.to_pylist()] == [
        fault or date is None for fault, date in zip(faults, dates.to_pylist(), strict=True)
    ]


def test_nothing_is_moved_without_a_subject_column_or_when_it_is_no_date():
    with pytest.raises(UsageError, match="whose date"):
        shifted(pa.array([datetime.date(2025, 1, 1)]), None)
    with pytest.raises(UsageError, match="kind: timestamp"):
        shifted(pa.array(["2025-01-01"]), pa.array(["a"]))
    assert "timestamp or date" in (Shift().check(Target("r", "f", TEXT)) or "")
