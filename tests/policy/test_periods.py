"""Periods and dates of a policy: read as they are meant, and refused where they mean nothing."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from beam_deid.transforms.policy.periods import Date, Term, end_of

TERM = TypeAdapter(Term)
DATE = TypeAdapter(Date)
DAY = datetime.date(2026, 1, 31)


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("90 days", "2026-05-01"),
        ("1 day", "2026-02-01"),
        ("2 weeks", "2026-02-14"),
        ("1 month", "2026-02-28"),
        ("6 months", "2026-07-31"),
        ("1 year", "2027-01-31"),
        ("P1Y", "2027-01-31"),
        ("P1M", "2026-02-28"),
        ("P1Y6M", "2027-07-31"),
        ("P2W", "2026-02-14"),
        ("P90D", "2026-05-01"),
        ("2027-01-01", "2027-01-01"),
    ],
)
def test_a_period_ends_when_it_says(written, end):
    assert end_of(TERM.validate_python(written), DAY).isoformat() == end


def test_a_year_from_a_leap_day_ends_before_march():
    assert end_of("1 year", datetime.date(2028, 2, 29)) == datetime.date(2029, 2, 28)


@pytest.mark.parametrize(
    "written",
    ["", "0 days", "P0D", "P", "1", "soon", "-1 days", "1.5 years", "101 years", "2026-02-30", "2026-13-01", "90", 90],
)
def test_what_is_no_period_is_refused(written):
    with pytest.raises(ValidationError):
        TERM.validate_python(written)


@pytest.mark.parametrize("written", ["90 days", "2026-2-1", "2026-02-30", "２０２６-01-01", 20260101, ""])
def test_what_is_no_date_is_refused(written):
    with pytest.raises(ValidationError):
        DATE.validate_python(written)


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)), st.integers(1, 1200))
def test_months_end_on_the_same_day_or_on_the_last_one(begin, months):
    end = end_of(f"{months} months", begin)
    assert (end.year * 12 + end.month) - (begin.year * 12 + begin.month) == months
    assert end.day == begin.day or (end.day < begin.day and (end + datetime.timedelta(days=1)).day == 1)


def test_a_date_of_pythons_is_taken_and_a_time_is_not():
    assert DATE.validate_python(datetime.date(2027, 1, 1)) == "2027-01-01"
    with pytest.raises(ValidationError):
        DATE.validate_python(datetime.datetime(2027, 1, 1))
