"""Texts and whole numbers to moments in time, without a guess: what names no real moment is a fault.

Understood are ISO 8601 dates and times (``2025-01-02T03:04:05.678+08:00``), the same with spaces, slashes, dots or
年月日 and without leading zeros (``2025/1/2 3:04``), ``20250102``, ``20250102030405``, English names of months (RFC 2822 among
them), AM, PM, 上午 and 下午, and seconds (10 digits) or milliseconds (13 digits) since 1970. Which of day and month comes first
in ``1/2/2025`` nobody can say: that is a fault unless its format is given. Digits beyond microseconds are a fault unless they are
zeros.

A time with a zone or an offset, and a number of seconds, becomes what clocks in the reading's zone showed; any other time is taken
as it is written.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.moment_patterns import (
    AFTERNOON,
    COMMON,
    EXCEL,
    MONTHS,
    WEEKDAYS,
    format_pattern,
)
from beam_deid.transforms.columns.words import words
from beam_deid.transforms.errors import UsageError

_ISO = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?)?$"
)
_SHORT_MONTHS = r"^[0-9]{4}-(?:02-3|(?:0[469]|11)-31)"
_LEAP_DAY = r"^[0-9]{4}-02-29"
_EPOCH_DIGITS = (10, 13)
_EPOCH = r"^(?:[0-9]{10}|[0-9]{13})$"
_MOMENT = pa.timestamp("us")
_MILLISECONDS_FROM = 10**11
_LETTERS = 3
"""Letters by which months and weekdays are told apart."""
_PIVOT = 69
"""From here on years of two digits are of the last century."""
_FALSE_DAY = 60
"""The 29 February 1900, which spreadsheets count and which never was."""
_LAST_DAY = 2_958_466
_DAY_ZERO = -25_569
"""Days from 1970 to the day before 1 January 1900, less the day that never was."""
_DAY = 86_400_000
_LAST_YEAR = 9999


class Moments(NamedTuple):
    """Moments, and which texts named none.

    Attributes:
        values: timestamp[us], shape (n,), null where there is none.
        faults: A boolean mask (n,) of what is no moment and not null; None where all are.
    """

    values: pa.Array
    faults: pa.Array | None


def text_moments(text: pa.Array, formats: tuple[str, ...] = (), zone: str | None = None) -> Moments:
    """The moments of texts (n,).

    Args:
        text: Texts without white space around them.
        formats: How they are written, see `moment_patterns`; in the common ways if empty.
        zone: The zone of whose clocks those with an offset are told; None for UTC.
    """
    if not formats:
        sound = _real(text)
        if pc.all(sound).as_py() in (True, None):
            return Moments(pc.cast(text, _MOMENT), None)
    moments = pa.nulls(len(text), _MOMENT)
    for way in _ways(formats, zone):
        moments = _filled(moments, text, way)
    return Moments(moments, _missed(text, moments))


def _ways(formats: tuple[str, ...], zone: str | None) -> list[Callable[[pa.Array], pa.Array]]:
    """Functions from texts (n,) to moments (n,), null where a text is not written so, in the order in which they are tried."""
    if not formats:
        common = [partial(_of_pattern, pattern=pattern, zone=zone) for pattern in COMMON]
        return [*common, partial(_of_seconds, zone=zone)]
    return [
        _of_days if one == EXCEL else partial(_of_pattern, pattern=format_pattern(one), zone=zone) for one in formats
    ]


def number_moments(numbers: pa.Array, formats: tuple[str, ...] = (), zone: str | None = None) -> Moments:
    """The moments of a column of numbers: what their digits say as text, so that a value means the same in files of any format."""
    if not formats and not pa.types.is_integer(numbers.type):
        moments = pa.nulls(len(numbers), _MOMENT)
        return Moments(moments, _missed(numbers, moments))
    if not formats and _are_since_1970(numbers):
        return Moments(epoch_moments(numbers, zone), None)
    return text_moments(numbers.cast(pa.string()), formats, zone)


def _are_since_1970(numbers: pa.Array) -> bool:
    """Whether all numbers have as many digits as seconds or milliseconds of our days: 20250102 is a day of the calendar."""
    low, high = pc.min_max(numbers).as_py().values()
    return low is None or any(10 ** (digits - 1) <= low and high < 10**digits for digits in _EPOCH_DIGITS)


def epoch_moments(numbers: pa.Array, zone: str | None = None) -> pa.Array:
    """Moments of seconds or milliseconds since 1970; null for negative and absurdly large numbers."""
    fits = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, _MILLISECONDS_FROM * 1000))
    numbers = pc.cast(pc.if_else(fits, numbers, None), pa.int64())
    milliseconds = pc.greater_equal(numbers, _MILLISECONDS_FROM)
    micro = pc.if_else(
        milliseconds, pc.multiply(numbers, 1000), pc.multiply(pc.if_else(milliseconds, 0, numbers), 10**6)
    )
    return wall_time(pc.cast(micro, _MOMENT), zone)


def wall_time(moments: pa.Array, zone: str | None) -> pa.Array:
    """What clocks in a zone showed at moments of UTC without a zone, timestamp[us] (n,).

    Raises:
        UsageError: The zone is not known on this machine.
    """
    if zone is None:
        return moments
    problem = zone_problem(zone)
    if problem:
        raise UsageError(problem, f"timezone {zone}", "Install the system's tz database (tzdata), or name another zone")
    return _local(moments, zone)


def _local(moments: pa.Array, zone: str) -> pa.Array:
    return pc.local_timestamp(pc.cast(moments, pa.timestamp("us", zone)))


@cache
def zone_problem(zone: str) -> str | None:
    """What is wrong with the name of a time zone, or None."""
    try:
        _local(pa.array([0], pa.int64()).cast(_MOMENT), zone)
    except (pa.ArrowException, ValueError):
        return "no such time zone is known on this machine; write a name of the tz database, as Asia/Shanghai or Europe/Berlin"
    return None


def _filled(moments: pa.Array, text: pa.Array, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Moments, where there are none yet those that another way of reading finds."""
    rest = pc.and_(moments.is_null(), text.is_valid())
    if not pc.any(rest, min_count=0).as_py():
        return moments
    return pc.replace_with_mask(moments, rest, read(text.filter(rest)))


def _of_pattern(texts: pa.Array, pattern: str, zone: str | None) -> pa.Array:
    """Moments of texts (n,) in one way of writing; null where they are not."""
    parts = pc.extract_regex(texts, pattern)
    found = parts.is_valid()
    moments = pa.nulls(len(texts), _MOMENT)
    if not pc.any(found, min_count=0).as_py():
        return moments
    own = parts.filter(found)
    return pc.replace_with_mask(moments, found, _of_parts(_Parts(own), zone))


class _Parts:
    """The groups of a pattern that matched n texts; a group that a pattern has not is empty in all of them."""

    def __init__(self, parts: pa.StructArray) -> None:
        self._parts = parts
        self._names = {parts.type.field(place).name for place in range(parts.type.num_fields)}

    def __getitem__(self, name: str) -> pa.Array:
        if name in self._names:
            return pc.struct_field(self._parts, name)
        return pa.array([""]).take(pa.array(np.zeros(len(self._parts), np.int64)))


def _of_parts(parts: _Parts, zone: str | None) -> pa.Array:
    date = pc.binary_join_element_wise(_year(parts), _two(_month(parts)), _two(parts["d"]), "-")
    time = pc.binary_join_element_wise(_two(_hour(parts)), _two(parts["i"]), _two(parts["s"]), ":")
    fraction = pc.replace_substring_regex(parts["f"], r"^([0-9]{6})0*$", r"\1")
    fraction = pc.if_else(pc.equal(fraction, ""), "0", fraction)
    iso = pc.binary_join_element_wise(pc.binary_join_element_wise(date, time, " "), fraction, ".")
    moments = pc.cast(pc.if_else(_real(iso).fill_null(False), iso, None), _MOMENT)
    moments = pc.if_else(_is_that_day(moments, parts["w"]), moments, None)
    said = pc.not_equal(parts["z"], "")
    if not pc.any(said).as_py():
        return moments
    told = wall_time(pc.subtract(moments, _offset(parts["z"])), zone)
    return pc.if_else(said, pc.if_else(_has_a_year(told), told, None), moments)


def _has_a_year(moments: pa.Array) -> pa.Array:
    """Which moments are in the years 1 to 9999, as they may not be where others' clocks show them."""
    year = pc.year(moments)
    return pc.and_(pc.greater_equal(year, 1), pc.less_equal(year, _LAST_YEAR))


def _year(parts: _Parts) -> pa.Array:
    short = parts["yy"]
    number = pc.cast(pc.if_else(pc.equal(short, ""), "0", short), pa.int64())
    century = pc.if_else(pc.greater_equal(number, _PIVOT), "19", "20")
    return pc.if_else(pc.equal(short, ""), parts["y"], pc.binary_join_element_wise(century, short, ""))


def _month(parts: _Parts) -> pa.Array:
    named = _place(parts["b"], MONTHS)
    return pc.if_else(named.is_valid(), pc.cast(pc.add(named, 1), pa.string()), parts["m"])


def _place(names: pa.Array, known: tuple[str, ...]) -> pa.Array:
    """The places, from 0, of names that begin like one of those that are known; null for none."""
    short = pc.utf8_slice_codeunits(pc.utf8_lower(names), 0, _LETTERS)
    return pc.index_in(short, value_set=words(*(name[:_LETTERS] for name in known)))


def _hour(parts: _Parts) -> pa.Array:
    """Hours of 24; of twelve where it is said which half of the day is meant, and no hour where it is said twice."""
    before, behind = parts["q"], parts["p"]
    half = pc.utf8_lower(pc.binary_join_element_wise(before, behind, ""))
    is_said = pc.not_equal(half, "")
    if not pc.any(is_said).as_py():
        return parts["h"]
    given = parts["h"]
    hour = pc.cast(pc.if_else(pc.equal(given, ""), "0", given), pa.int64())
    later = pc.if_else(pc.is_in(half, words(*AFTERNOON)), 12, 0)
    of_day = pc.add(pc.if_else(pc.equal(hour, 12), 0, hour), later)
    once = pc.or_(pc.equal(before, ""), pc.equal(behind, ""))
    fits = pc.and_(once, pc.and_(pc.greater_equal(hour, 1), pc.less_equal(hour, 12)))
    return pc.if_else(is_said, pc.if_else(fits, pc.cast(of_day, pa.string()), "99"), given)


def _is_that_day(moments: pa.Array, weekday: pa.Array) -> pa.Array:
    """Whether each moment is on the weekday that is said, if one is."""
    said = _place(weekday, WEEKDAYS)
    if said.null_count == len(said):
        return moments.is_valid()
    own = pc.cast(pc.day_of_week(moments), pa.int64())
    return pc.or_(said.is_null(), pc.equal(own, pc.cast(said, pa.int64())).fill_null(False))


def _of_days(texts: pa.Array) -> pa.Array:
    """Days of spreadsheets' calendar, which begins with 1900, with their fraction to the millisecond, as spreadsheets keep it."""
    days = pc.cast(pc.if_else(pc.match_substring_regex(texts, r"^[0-9]{1,7}(?:\.[0-9]+)?$"), texts, None), pa.float64())
    real = pc.and_(pc.greater_equal(days, 1), pc.less(days, _LAST_DAY))
    false_day = pc.equal(pc.floor(days), _FALSE_DAY)
    days = pc.if_else(pc.and_not(real, false_day), days, None)
    early = pc.if_else(pc.less(days, _FALSE_DAY), 1, 0)
    milliseconds = pc.cast(pc.round(pc.multiply(days, _DAY)), pa.int64())
    since = pc.add(milliseconds, pc.multiply(pc.add(early, _DAY_ZERO), _DAY))
    return pc.cast(pc.multiply(since, 1000), _MOMENT)


def _of_seconds(texts: pa.Array, zone: str | None) -> pa.Array:
    seconds = pc.cast(pc.if_else(pc.match_substring_regex(texts, _EPOCH), texts, None), pa.int64())
    return epoch_moments(seconds, zone)


def _real(iso: pa.Array) -> pa.Array:
    """Whether ISO texts name real moments: months of 30 days and leap years included."""
    real = pc.and_(pc.match_substring_regex(iso, _ISO), pc.invert(pc.match_substring_regex(iso, _SHORT_MONTHS)))
    leap_day = pc.match_substring_regex(iso, _LEAP_DAY)
    if not pc.any(leap_day).as_py():
        return real
    digits = pc.if_else(pc.match_substring_regex(iso, r"^[0-9]{4}"), pc.utf8_slice_codeunits(iso, 0, 4), "1")
    year = pc.cast(digits, pa.int64())
    leap = pc.or_(pc.and_(_divides(year, 4), pc.invert(_divides(year, 100))), _divides(year, 400))
    return pc.and_(real, pc.or_(pc.invert(leap_day), leap))


def _divides(year: pa.Array, number: int) -> pa.Array:
    return pc.equal(pc.subtract(year, pc.multiply(pc.divide(year, number), number)), 0)


def _two(part: pa.Array) -> pa.Array:
    return pc.utf8_lpad(part, 2, "0")


def _offset(zone: pa.Array) -> pa.Array:
    """Offsets as durations; zero where none is said."""
    plain = pc.replace_substring_regex(pc.replace_substring(zone, ":", ""), "(?i)^(?:UTC|GMT|Z)", "")
    plain = pc.replace_substring_regex(plain, r"^([+-][0-9]{2})$", r"\100")  # a reference to a group is one digit
    said = pc.match_substring_regex(plain, r"^[+-][0-9]{4}$").fill_null(False)
    number = pc.cast(pc.if_else(said, pc.replace_substring_regex(plain, r"^\+", ""), "0"), pa.int64())
    hours = pc.divide(number, 100)
    minutes = pc.add(pc.multiply(hours, 60), pc.subtract(number, pc.multiply(hours, 100)))
    return pc.cast(pc.multiply(minutes, 60_000_000), pa.duration("us"))


def _missed(given: pa.Array, moments: pa.Array) -> pa.Array | None:
    wrong = pc.and_(given.is_valid(), moments.is_null())
    return wrong if pc.any(wrong).as_py() else None
