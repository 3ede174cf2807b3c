"""Texts and whole numbers to moments in time, without a guess: what names no real moment is a fault.

Understood are ISO 8601 dates and times (``2025-01-02T03:04:05.678+08:00``), the same with spaces, slashes, dots or
年月日 and without leading zeros (``2025/1/2 3:04``), ``20250102``, ``20250102030405``, and seconds (10 digits) or
milliseconds (13 digits) since 1970.
"""

import pyarrow as pa
import pyarrow.compute as pc

_ISO = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?)?$"
)
_LOOSE = (
    r"^(?P<y>[0-9]{4})(?:-|/|\.|年)(?P<m>[0-9]{1,2})(?:-|/|\.|月)(?P<d>[0-9]{1,2})日?"
    r"(?:[ T]*(?P<h>[0-9]{1,2}):(?P<i>[0-9]{1,2})(?::(?P<s>[0-9]{1,2})(?P<f>\.[0-9]{1,9})?)?)?"
    r" *(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2}))?$"
_SHORT_MONTHS = r"^[0-9]{4}-(?:02-3|(?:0[469]|11)-31)"
_LEAP_DAY = r"^[0-9]{4}-02-29"
_MOMENT = pa.timestamp("us")
_MILLISECONDS_FROM = 10**11


def text_moments(text: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The moments of texts, timestamp[us]; and a mask of those that name none, or None where all do."""
    sound = _real(text)
    if pc.all(sound).as_py() in (True, None):
        return pc.cast(text, _MOMENT), None
    iso, offset = _to_iso(text)
    sound = pc.if_else(text.is_valid(), _real(iso).fill_null(False), None)
    moments = pc.cast(pc.if_else(sound, iso, None), _MOMENT)
    moments = pc.subtract(moments, offset)
    seconds = pc.cast(pc.if_else(pc.match_substring_regex(text, r"^(?:[0-9]{10}|[0-9]{13})$"), text, None), pa.int64())
    moments = pc.coalesce(moments, epoch_moments(seconds)[0])
    wrong = pc.and_(text.is_valid(), moments.is_null())
    return moments, wrong if pc.any(wrong).as_py() else None


def epoch_moments(numbers: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Moments of seconds or milliseconds since 1970; negative and absurdly large numbers are faults."""
    numbers = pc.cast(numbers, pa.int64())
    milliseconds = pc.greater_equal(numbers, _MILLISECONDS_FROM)
    fits = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, _MILLISECONDS_FROM * 1000))
    numbers = pc.if_else(fits, numbers, None)
    micro = pc.if_else(
        milliseconds, pc.multiply(numbers, 1000), pc.multiply(pc.if_else(milliseconds, 0, numbers), 10**6)
    )
    wrong = pc.invert(fits).fill_null(False)
    return pc.cast(micro, _MOMENT), wrong if pc.any(wrong).as_py() else None


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


def _to_iso(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Loose texts as ISO ones, null where nothing fits; and their offsets from UTC as durations."""
    text = pc.replace_substring_regex(text, _COMPACT, r"\1-\2-\3 \4:\5:\6")
    text = pc.replace_substring_regex(text, r" ::$", "")
    parts = pc.extract_regex(text, _LOOSE)
    y, m, d, h, i, s, f, z = (pc.struct_field(parts, name) for name in "ymdhisfz")
    fraction = pc.utf8_slice_codeunits(pc.if_else(pc.equal(f, ""), ".0", f), 0, 7)
    date = pc.binary_join_element_wise(y, _two(m), _two(d), "-")
    time = pc.binary_join_element_wise(_two(h), _two(i), _two(s), ":")
    iso = pc.binary_join_element_wise(date, " ", time, fraction, "")
    return iso, _offset(z)


def _two(part: pa.Array) -> pa.Array:
    return pc.utf8_lpad(part, 2, "0")


def _offset(zone: pa.Array) -> pa.Array:
    """Offsets as durations; zero where none is said."""
    plain = pc.replace_substring(zone, ":", "")
    said = pc.match_substring_regex(plain, r"^[+-][0-9]{4}$").fill_null(False)
    number = pc.cast(pc.if_else(said, pc.replace_substring_regex(plain, r"^\+", ""), "0"), pa.int64())
    hours = pc.divide(number, 100)
    minutes = pc.add(pc.multiply(hours, 60), pc.subtract(number, pc.multiply(hours, 100)))
    return pc.cast(pc.multiply(minutes, 60_000_000), pa.duration("us"))
