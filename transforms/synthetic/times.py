"""Times of orders and payments: one year with weekly and daily rhythm, sales days and the Spring Festival."""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.synthetic.chance import Chance, Index, Wheel

YEAR = 2025
"""The year of all orders."""

_DAY = 86_400
_PEAKS = {
    (11, 11): 11.0,
    (11, 1): 5.0,
    (10, 31): 3.0,
    (11, 10): 2.5,
    (11, 12): 1.8,
    (6, 18): 7.0,
    (6, 1): 3.0,
    (6, 17): 2.0,
    (12, 12): 3.0,
    (3, 8): 2.2,
    (9, 9): 1.5,
    (8, 8): 1.4,
}
_WEEK = (1.04, 1.02, 1.0, 0.99, 0.97, 0.95, 1.03)  # Monday first
_HOURS = (
    2.2,
    1.2,
    0.7,
    0.5,
    0.4,
    0.6,
    1.2,
    2.2,
    3.4,
    4.6,
    5.6,
    5.4,
    5.2,
    5.0,
    5.0,
    5.0,
    4.9,
    4.6,
    4.6,
    5.4,
    7.0,
    7.6,
    6.6,
    4.2,
)


def created(chance: Chance, index: Index) -> npt.NDArray[np.int64]:
    """When each order (n,) was placed, in whole seconds since 1970, local time."""
    day = _days().spin(chance.share("day", index))
    hour = _hours().spin(chance.share("hour", index))
    second = chance.below("second", index, 3_600)
    return _first_second() + day * _DAY + hour * 3_600 + second


def paid(chance: Chance, index: Index, at: npt.NDArray[np.int64]) -> pa.Array:
    """When each order was paid, as timestamp[ms]: mostly within minutes; null for the 4 % that were not."""
    share = chance.share("delay", index)
    delay = (4 + 16 / (1.0002 - share)).astype(np.int64)
    return moments(at + delay, missing=chance.happens("unpaid", index, 0.04))


def moments(seconds: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Seconds since 1970 (n,) as timestamp[ms] without zone, null where ``missing``."""
    return pa.array(seconds * 1_000, mask=missing).cast(pa.timestamp("ms"))


def hours_of_year(seconds: npt.NDArray[np.int64]) -> Index:
    """Whole hours since the year began."""
    return (seconds - _first_second()) // 3_600


def _first_second() -> int:
    return (date(YEAR, 1, 1) - date(1970, 1, 1)).days * _DAY


@lru_cache(maxsize=1)
def _hours() -> Wheel:
    return Wheel(_HOURS)


@lru_cache(maxsize=1)
def _days() -> Wheel:
    start = date(YEAR, 1, 1)
    days = [start + timedelta(n) for n in range((date(YEAR + 1, 1, 1) - start).days)]
    return Wheel([_weight(day) for day in days])


def _weight(day: date) -> float:
    festival = 0.45 if date(YEAR, 1, 26) <= day <= date(YEAR, 2, 5) else 1.0
    season = 1.25 if day.month in (11, 12) else 1.0
    return _PEAKS.get((day.month, day.day), 1.0) * _WEEK[day.weekday()] * festival * season
