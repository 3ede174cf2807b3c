"""How dates and times are written: the common ways in which only one reading is possible, and those that a policy names.

A way is a pattern in RE2 with named groups:

    y m d   year of four digits, month, day        b    month in words
    yy      year of two digits, 1969 to 2068       w    weekday in words
    h i s   hour, minute, second                   f    digits of a fraction
    p q     AM, PM, 上午 or 下午 behind the time or before it
    z       zone: Z, UTC, GMT or an offset
"""

import re
from functools import cache

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AFTERNOON = ("pm", "p.m.", "下午")
EXCEL = "excel"
"""What a policy writes where days are counted, with a fraction, from 1900 on as spreadsheets do."""

_MONTH = "(?P<b>" + "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + "|sept)"
_WEEKDAY = "(?P<w>" + "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in WEEKDAYS) + ")"
_HALF = r"(?P<p>[AP]M|[AP]\.M\.|上午|下午)"
_HALF_BEFORE = r"(?P<q>上午|下午)"
_FRACTION = "(?:[.,](?P<f>[0-9]{1,9}))?"
_TIME = rf"(?P<h>[0-9]{{1,2}}):(?P<i>[0-9]{{1,2}})(?::(?P<s>[0-9]{{1,2}}){_FRACTION})?"
_SPOKEN = r"(?P<h>[0-9]{1,2}) *[时時点點] *(?P<i>[0-9]{1,2}) *分(?: *(?P<s>[0-9]{1,2}) *秒)?"
_OFFSET = r"[-+](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?"
_ZONE = rf"(?: *(?P<z>Z|(?:UTC|GMT)?{_OFFSET}|UTC|GMT)(?:\[[A-Za-z0-9_+/-]+\])?)?"
_DATE = r"(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})"
_CHINESE = r"(?P<y>[0-9]{4}) *年 *(?P<m>[0-9]{1,2}) *月 *(?P<d>[0-9]{1,2}) *日"

_WAYS = (
    rf"{_DATE}(?: *T *| +){_HALF_BEFORE}? *{_TIME} *{_HALF}?{_ZONE}",
    rf"{_DATE}(?P<z>Z|[-+](?:0[0-9]|1[0-4]):[0-5][0-9])?",
    rf"{_CHINESE}[ T]*(?:{_HALF_BEFORE}? *{_TIME} *{_HALF}?{_ZONE})?",
    rf"{_CHINESE} *{_HALF_BEFORE}? *{_SPOKEN}{_ZONE}",
    r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
    rf"(?:[T ]?(?P<h>[0-9]{{2}})(?P<i>[0-9]{{2}})(?P<s>[0-9]{{2}}){_FRACTION}{_ZONE})?",
    rf"(?:{_WEEKDAY},? +)?(?P<d>[0-9]{{1,2}})[ -]{_MONTH}[ -](?P<y>[0-9]{{4}})(?:,? +{_TIME}(?: *{_HALF})?{_ZONE})?",
    rf"(?:{_WEEKDAY},? +)?{_MONTH} +(?P<d>[0-9]{{1,2}}),? +(?P<y>[0-9]{{4}})(?:,? +(?:at +)?{_TIME}(?: *{_HALF})?{_ZONE})?",
    rf"{_WEEKDAY} +{_MONTH} +(?P<d>[0-9]{{1,2}}) +{_TIME}{_ZONE} +(?P<y>[0-9]{{4}})",
)

COMMON: tuple[str, ...] = tuple(rf"(?i)\A{way}\z" for way in _WAYS)
"""Patterns of whole texts in the ways that are known without being named; no text matches two of them."""

_TWO = "[0-9]{1,2}"
_DIRECTIVES = {
    "Y": "(?P<y>[0-9]{4})",
    "y": "(?P<yy>[0-9]{2})",
    "m": f"(?P<m>{_TWO})",
    "d": f"(?P<d>{_TWO})",
    "b": _MONTH,
    "B": _MONTH,
    "a": _WEEKDAY,
    "A": _WEEKDAY,
    "H": f"(?P<h>{_TWO})",
    "I": f"(?P<h>{_TWO})",
    "M": f"(?P<i>{_TWO})",
    "S": f"(?P<s>{_TWO})",
    "f": "(?P<f>[0-9]{1,9})",
    "p": _HALF,
    "z": rf"(?P<z>Z|{_OFFSET})",
    "Z": "(?P<z>UTC|GMT|Z)",
    "%": "%",
}
_SHORT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}
_NUMBERS = frozenset("YymdHIMSf")
_NEEDS = {"M": "H I", "S": "M", "f": "S", "I": "p", "p": "I", "z": "H I", "Z": "H I"}


def format_problem(written: str) -> str | None:
    """What is wrong with the way in which a policy says that times are written, or None."""
    if written == EXCEL:
        return None
    letters = _letters(written)
    unknown = [letter for letter in letters if letter not in _DIRECTIVES]
    if unknown or (written.endswith("%") and not written.endswith("%%")):
        shown = f"%{unknown[0]}" if unknown and unknown[0] else "a % at the end"
        known = " ".join(f"%{letter}" for letter in (*_DIRECTIVES, *_SHORT))
        return f"{shown} is no directive that is known here; there are {known}; or write excel"
    asked = (("year", "Yy"), ("month", "mbB"), ("day", "d"))
    for part, ways in asked:
        if not any(letter in ways for letter in letters):
            return f"the format has no {part}: %{ways[0]}; a date needs year, month and day"
    groups = re.findall(r"\?P<(\w+)>", "".join(_DIRECTIVES[letter] for letter in letters))
    named = ["y" if group == "yy" else "m" if group == "b" else group for group in groups]
    if len({*named}) < len(named):
        return "the format names a part of the time twice"
    for letter in letters:
        needed = _NEEDS.get(letter, "").split()
        if needed and not any(one in letters for one in needed):
            return f"%{letter} needs %{' or %'.join(needed)} beside it"
    return None


def _letters(written: str) -> list[str]:
    for short, long in _SHORT.items():
        written = written.replace(f"%{short}", long)
    return re.findall("%(.?)", written, re.DOTALL)


@cache
def format_pattern(written: str) -> str:
    """The pattern of whole texts in a format that has no problem. Numbers that touch each other have all their digits."""
    for short, long in _SHORT.items():
        written = written.replace(f"%{short}", long)
    parts = re.findall(r"%.|[^%]+", written, re.DOTALL)
    pattern = ""
    for place, part in enumerate(parts):
        if part[0] != "%":
            pattern += re.sub(r"(?:\\ |\s)+", " +", re.escape(part))
            continue
        touches = any(_is_number(parts, beside) for beside in (place - 1, place + 1))
        found = _DIRECTIVES[part[1]]
        pattern += found.replace(_TWO, "[0-9]{2}") if touches else found
    return rf"(?i)\A{pattern}\z"


def _is_number(parts: list[str], place: int) -> bool:
    return 0 <= place < len(parts) and parts[place][0] == "%" and parts[place][1] in _NUMBERS
