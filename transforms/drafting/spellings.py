"""How the numbers and times of a sample are written, where it is not one of the ways that are known without being told.

Nothing is guessed: a way of writing is taken where all of a sample can be read so, and no other way gives other values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import encoded, is_text
from beam_deid.transforms.columns.moments import text_moments
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP

CURRENCIES = (
    *("$", "€", "£", "₹", "₩", "₽", "US$", "HK$", "A$", "C$", "R$", "kr", "zł"),
    *("USD", "EUR", "GBP", "JPY", "HKD", "AUD", "CAD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "INR", "KRW", "BRL"),
)
"""Signs that are looked for beside numbers, besides the yuan's, which are always known."""

_NUMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"thousands": ","},
    {"decimal": ","},
    {"decimal": ",", "thousands": "."},
    {"decimal": ",", "thousands": " "},
    {"thousands": " "},
    {"thousands": "'"},
    {"decimal": ",", "thousands": "'"},
)
"""Ways of writing numbers, by the options of ``input`` that say them; of two that give the same values the first counts."""

_DATES = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
_CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S %Z",
    " %H:%M %Z",
    " %H:%M:%S %z",
    ", %H:%M",
    ", %H:%M:%S",
)
_LIKE_DATES = r"^\s*[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}(?:\D|$)"
_LIKE_NUMBERS = r"^[-+]?(?:[^\d\s.,'+-]{1,4})? ?[-+]?[0-9][0-9.,' \x{a0}\x{202f}]*(?: ?[^\d\s.,'+-]{1,4})?$"
_CLOCK = "[0-9] *[:时時点點] *[0-9]"
_CODE = "^[-+]?0[0-9]"
_MARKED = "[.,' $€£¥￥元]|[A-Za-z]"
_HEAD = 50
_LONG = r"[0-9]{16}"
_HUNDREDTHS = r"[.,][0-9]{3,}\D*$"
_ORDER = "which of day and month comes first? Write kind: timestamp and format: {}"


@dataclass(frozen=True)
class Spelled:
    """A column whose texts are numbers or times.

    Attributes:
        kind: The kind; None where several readings are possible.
        typed: The values read so, shape (n,); the texts where there is no kind.
        formats: How times are written; empty if that need not be said.
        todo: What a person must decide; empty where nothing is open.
    """

    kind: Kind | None
    typed: pa.Array
    formats: tuple[str, ...] = ()
    todo: str = ""


def number_options(columns: Mapping[str, pa.Array], given: InputOptions) -> dict[str, Any]:
    """What ``input`` must say so that all columns of numbers can be read: decimal, thousands, currency.

    Args:
        columns: The columns of a sample, each of any type.
        given: What is known already; nothing that it says is changed.

    Returns:
        The options; nothing where numbers are plain, or where more than one way is possible.
    """
    numbers = [texts for texts in map(_numbers_of, columns.values()) if texts is not None]
    if not numbers or {"decimal", "thousands"} & given.model_fields_set:
        return {}
    currency = {} if given.currency else _currency(numbers)
    signs = (*given.currency, *currency.get("currency", ()))
    read = [_ways_of(texts, signs) for texts in numbers]
    # What can be read in no way is no column of numbers, and says nothing of those.
    read = [ways for ways in read if ways]
    able = [way for way in range(len(_NUMBERS)) if all(way in ways for ways in read)]
    if not read or not able:
        return {}
    if any(not ways[way].equals(ways[able[0]]) for ways in read for way in able[1:]):
        return currency
    return {**_NUMBERS[able[0]], **currency}


def _ways_of(texts: pa.Array, signs: tuple[str, ...]) -> dict[int, pa.Array]:
    """The values of texts (n,) by the way of writing numbers in which all of them can be read."""
    values = {way: _read(texts, Reading(NUMBER, **said, currency=signs)) for way, said in enumerate(_NUMBERS)}
    return {way: one for way, one in values.items() if one is not None}


def spelled(texts: pa.Array, options: InputOptions) -> Spelled | None:
    """What the distinct texts (n,) of a column are, where they are numbers or times that are not written plainly; else None."""
    if not len(texts) or pc.any(pc.match_substring_regex(texts, _LONG)).as_py():
        return None
    if bool(pc.all(pc.match_substring_regex(texts, _LIKE_DATES)).as_py()):
        return _times_of_formats(texts)
    if _are_numbers(texts):
        return _numbers(texts, options)
    return _times(texts)


def _are_numbers(texts: pa.Array) -> bool:
    """Whether all texts look like numbers, some with more than digits, and none like a code that begins with a zero."""
    like = bool(pc.all(pc.match_substring_regex(texts, _LIKE_NUMBERS)).as_py())
    marked = bool(pc.any(pc.match_substring_regex(texts, _MARKED)).as_py())
    code = bool(pc.any(pc.match_substring_regex(texts, _CODE)).as_py())
    return like and marked and not code


def _numbers(texts: pa.Array, options: InputOptions) -> Spelled | None:
    exact = bool(pc.any(pc.match_substring_regex(texts, _HUNDREDTHS)).as_py()) and not options.thousands
    for kind in (NUMBER,) if exact else (DECIMAL, NUMBER):
        reading = Reading(kind, decimal=options.decimal, thousands=options.thousands, currency=options.currency)
        typed = _read(texts, reading)
        if typed is not None:
            return Spelled(kind, typed)
    if pc.any(pc.match_substring(texts, ",")).as_py() and _read(texts, Reading(NUMBER, decimal=",")) is not None:
        todo = (
            "is a comma before the fraction, or between thousands? Say it in input: {decimal: ','} or {thousands: ','}"
        )
        return Spelled(None, texts, todo=todo)
    return None


def _times(texts: pa.Array) -> Spelled | None:
    """Times in one of the ways that are known, other than year-month-day in figures."""
    if _read(texts.slice(0, _HEAD), Reading(TIMESTAMP)) is None:
        return None
    typed = _read(texts, Reading(TIMESTAMP))
    if typed is None or pc.all(pc.match_substring_regex(texts, r"^[0-9.]*$")).as_py():
        return None
    if pc.any(pc.match_substring_regex(texts, _CLOCK)).as_py():
        return Spelled(TIMESTAMP, typed)
    return Spelled(DATE, pc.cast(typed, pa.date32()))


def _times_of_formats(texts: pa.Array) -> Spelled | None:
    """Times whose format must be said: the one that reads all of them, if no other reads them otherwise."""
    read: list[tuple[str, pa.Array]] = []
    for written in _formats_of(texts.slice(0, _HEAD)):
        moments = text_moments(texts, (written,))
        if moments.faults is None:
            read.append((written, moments.values))
    if not read:
        return None
    if any(not values.equals(read[0][1]) for _, values in read[1:]):
        return Spelled(None, texts, todo=_ORDER.format(" or ".join(f"'{written}'" for written, _ in read)))
    written, values = read[0]
    if "%H" in written or "%I" in written:
        return Spelled(TIMESTAMP, values, (written,))
    return Spelled(DATE, pc.cast(values, pa.date32()), (written,))


def _formats_of(head: pa.Array) -> Iterator[str]:
    """The formats in which a few texts can be read."""
    for separator in "/.- ":
        for date in _DATES:
            for clock in _CLOCKS:
                written = date.format(separator) + clock
                if text_moments(head, (written,)).faults is None:
                    yield written


def _read(texts: pa.Array, reading: Reading) -> pa.Array | None:
    """The texts as values; None where one cannot be read."""
    typed, faults = to_kind(texts, reading)
    return typed if faults is None and typed.null_count == 0 else None


def _numbers_of(column: pa.Array) -> pa.Array | None:
    """The distinct texts of a column of numbers, without those that are nothing; None of any other column."""
    if not is_text(column.type):
        return None
    _, values = encoded(column)
    texts = pc.utf8_trim_whitespace(values.cast(pa.string()))
    texts = texts.filter(pc.not_equal(texts, ""))
    if not len(texts) or not _are_numbers(texts) or pc.any(pc.match_substring_regex(texts, _LIKE_DATES)).as_py():
        return None
    return texts


def _currency(numbers: list[pa.Array]) -> dict[str, Any]:
    """The signs that stand beside numbers."""
    beside = r"^[-+]? ?(?:{0}) ?[-+]?[0-9]|[0-9] ?(?:{0})$"
    found = [
        sign
        for sign in CURRENCIES
        if any(pc.any(pc.match_substring_regex(texts, beside.format(_escaped(sign)))).as_py() for texts in numbers)
    ]
    return {"currency": tuple(found)} if found else {}


def _escaped(sign: str) -> str:
    return sign.replace("$", r"\$")
