"""Dates and periods as a policy writes them: ``2027-01-01``, ``6 months``, ``P1Y``."""

import calendar
import datetime
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WORDS = re.compile(r"([1-9]\d{0,4}) ?(day|week|month|year)s?", re.ASCII)
_ISO = re.compile(r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?", re.ASCII)
_MONTHS = {"month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7}
_MOST_YEARS = 100


def _as_text(value: Any) -> Any:
    # A policy that is no file may hold dates of Python's.
    is_day = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return value.isoformat() if is_day else value


def _date(text: str) -> str:
    try:
        if _DATE.fullmatch(text):
            datetime.date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError("must be a date, as 2027-01-01")


def _term(text: str) -> str:
    if _DATE.fullmatch(text):
        return _date(text)
    months, days = _length(text)
    if not months and not days:
        raise ValueError("must be a period, as 90 days, 6 months or P1Y, or a date, as 2027-01-01")
    if months / 12 + days / 366 > _MOST_YEARS:
        raise ValueError(f"must be {_MOST_YEARS} years at most")
    return text


Date = Annotated[
    str, BeforeValidator(_as_text), AfterValidator(_date), Field(json_schema_extra={"pattern": f"^{_DATE.pattern}$"})
]
"""A date, as text."""

Term = Annotated[str, BeforeValidator(_as_text), AfterValidator(_term), Field(min_length=1)]
"""A period from some day on, or the date on which it ends, as text."""


def end_of(term: str, begin: datetime.date) -> datetime.date:
    """The last day of a period.

    A month later is the same day of the next month, or its last one where that is shorter.

    Args:
        term: A `Term`.
        begin: The day from which a period counts; a date stands for itself.
    """
    if _DATE.fullmatch(term):
        return datetime.date.fromisoformat(term)
    months, days = _length(term)
    month = begin.year * 12 + begin.month - 1 + months
    year = month // 12
    number = month % 12 + 1
    last = calendar.monthrange(year, number)[1]
    return datetime.date(year, number, min(begin.day, last)) + datetime.timedelta(days=days)


def _length(term: str) -> tuple[int, int]:
    """The months and the days of a period; none of either where the text is no period."""
    words = _WORDS.fullmatch(term)
    if words:
        number, unit = int(words[1]), words[2]
        return number * _MONTHS.get(unit, 0), number * _DAYS.get(unit, 0)
    iso = _ISO.fullmatch(term)
    if iso is None:
        return 0, 0
    years, months, weeks, days = (int(one or 0) for one in iso.groups())
    return years * 12 + months, weeks * 7 + days
