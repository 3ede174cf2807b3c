"""Texts of numbers as people write them, with a currency, separators or a percent sign, in the one spelling that types read."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.reading import Reading

YUAN = ("¥", "￥", "元", "CNY", "RMB")
"""Signs of the yuan, which are known without being named."""

_PERCENT = r"\A([-+]?)([0-9]*)\.?([0-9]*) *[%％]\z"


def is_plain(reading: Reading) -> bool:
    """Whether a number that is written with a point alone is read as it stands."""
    return reading.decimal == "." and reading.thousands != "."


def in_one_spelling(texts: pa.Array, reading: Reading, *, percent: bool) -> pa.Array:
    """Numbers with a point before the fraction and nothing else but digits, a sign and an exponent.

    What cannot be read so stays as it is, or becomes what is no number: ``1.5`` where a comma stands before fractions.

    Args:
        texts: Without white space around them, shape (n,).
        reading: How they are written.
        percent: Whether 12.5% is read, as 0.125.
    """
    texts = _without_currency(texts, reading)
    if reading.thousands:
        texts = _without_groups(texts, reading)
    if reading.decimal == ",":
        foreign = pc.match_substring(texts, ".")
        texts = pc.if_else(foreign, ",", pc.replace_substring(texts, ",", "."))
    return _of_hundred(texts) if percent else texts


def _without_currency(texts: pa.Array, reading: Reading) -> pa.Array:
    signs = "|".join(re.escape(sign) for sign in (*YUAN, *reading.currency))
    texts = pc.replace_substring_regex(texts, rf"\A([-+]?) *(?:{signs}) *([-+]?[0-9.,])", r"\1\2")
    return pc.replace_substring_regex(texts, rf"([0-9.,]) *(?:{signs})\z", r"\1")


def _without_groups(texts: pa.Array, reading: Reading) -> pa.Array:
    """Without separators between groups of three digits; where groups are others they stay, and are a fault."""
    if reading.thousands == " ":
        texts = pc.replace_substring_regex(texts, "[\u00a0\u202f]", " ")
    between = re.escape(reading.thousands)
    fraction = re.escape(reading.decimal)
    grouped = rf"\A[-+]?[0-9]{{1,3}}(?:{between}[0-9]{{3}})+(?:{fraction}[0-9]*)? *%?\z"
    found = pc.match_substring_regex(texts, grouped).fill_null(False)
    return pc.if_else(found, pc.replace_substring(texts, reading.thousands, ""), texts)


def _of_hundred(texts: pa.Array) -> pa.Array:
    """Percentages as shares, by moving the point, so that no digit is lost."""
    found = pc.match_substring_regex(texts, _PERCENT).fill_null(False)
    if not pc.any(found, min_count=0).as_py():
        return texts
    given = texts.filter(found)
    moved = pc.replace_substring_regex(given, _PERCENT, r"\1 000\2 \3")
    moved = pc.replace_substring_regex(moved, r"\A([-+]?) ([0-9]+)([0-9]{2}) ([0-9]*)\z", r"\1\2.\3\4")
    moved = pc.replace_substring_regex(moved, r"\A([-+]?)0+([0-9])", r"\1\2")
    some = pc.match_substring_regex(given, "[0-9]")
    return pc.replace_with_mask(texts, found, pc.if_else(some, moved, given))
