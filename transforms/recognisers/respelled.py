"""Texts as they read, for recognisers that know one spelling: 138.0013.8000, ①③⑧…, 一三八零零…, name(at)163.com.

Digits of any script are ASCII ones, Chinese numerals are digits, and what stands between the digits of one number is gone.
Which digits are one number is told by how they are grouped, so that 1990-1999, 15000-20000, 1,500,000 and 2024-01-02 stay.
"""

from functools import lru_cache
from unicodedata import digit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.code_points import GONE, LAST, CodePoints, Codes, Edges, identical
from beam_deid.transforms.columns.normal_text import composed, simplified, single_spaced, white
from beam_deid.transforms.recognisers.screen import Rows, Screen, Sign

NUMERALS = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
    **dict(zip("〇○幺两参", "00123", strict=True)),
}
"""Chinese numerals that are said one by one, simplified."""

_SEPARATORS = " -./·_,"
_LIKE = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc~",
    "·": "\u2022\u2027\u2219\u22c5\u30fb",
    ",": "、",
    ".": "。｡",
    "/": "\\|",
}
_FEWEST = 11
_MOST = 24
"""Digits of a number that identifies: from a mobile on."""

_AT = r"(?i)\s?(?:[(\[{<【]\s?(?:at|@)\s?[)\]}>】]|艾特|@)\s?"
_DOMAINS = "163|126|139|189|qq|gmail|outlook|hotmail|yahoo|icloud|foxmail|sina|sohu|aliyun"
_SAID_AT = rf"(?i) at (?P<domain>(?:{_DOMAINS})\.(?:com|cn|net))"
_DOT = r"(?i)(@[A-Za-z0-9-]+)\s?(?:点|[(\[{]\s?(?:dot|点)\s?[)\]}]| dot )\s?([A-Za-z]{2,})"
_MAY_SAY_AT = rf"(?i)@|艾特|[(\[{{<【]\s?at\s?[)\]}}>】]| at (?:{_DOMAINS})\."


def respelled(screen: Screen) -> list[tuple[Rows, pa.Array]]:
    """The texts of a screen (n,) in other spellings, as far as these differ.

    Returns:
        Rows (m,) and their texts (m,): as they read, and those with Chinese numerals once more with digits for them.
    """
    # ASCII is read as it is written, but for numbers in pieces and an at in words.
    high = screen.counts[:, Sign.HIGH] > 0
    pieces = screen.counts[:, Sign.DIGIT] >= _FEWEST
    said = pc.match_substring_regex(screen.texts, _MAY_SAY_AT).fill_null(False).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero((high | pieces | said) & screen.texts.is_valid().to_numpy(zero_copy_only=False))
    if not len(rows):
        return []
    given = screen.some(rows)
    points = _with_at(single_spaced(composed(given).translated(_plain())))
    forms = [_different(rows, given, _joined(points).column())]
    numerals = _numerals()[points.codes]
    if (numerals != points.codes).any():
        forms.append(_different(rows, given, _joined(CodePoints(numerals, points.edges)).column()))
    return [(some, texts) for some, texts in forms if len(some)]


def digits_read(points: CodePoints) -> CodePoints:
    """Digits of every script, circled ones and the like as ASCII digits; traditional characters simplified; spaces plain."""
    return points.translated(_plain())


def read_already() -> Bools:
    """Characters that `digits_read` leaves as they are, shape (0x110000,)."""
    return np.asarray(_plain() == np.arange(LAST))


def numerals_read(points: CodePoints) -> CodePoints:
    """Read the Chinese numerals of texts as ASCII digits: 一三八 becomes 138."""
    return points.translated(_numerals())


def _different(rows: Rows, given: pa.Array, texts: pa.Array) -> tuple[Rows, pa.Array]:
    differ = pc.not_equal(given, texts)
    return rows[np.asarray(differ.to_numpy(zero_copy_only=False))], texts.filter(differ)


def _with_at(points: CodePoints) -> CodePoints:
    texts = points.column()
    said = pc.match_substring_regex(texts, _MAY_SAY_AT)
    if not pc.any(said, min_count=0).as_py():
        return points
    # 5 @ 3.50 is a price: only what ends as a domain does is an address.
    some = pc.replace_substring_regex(texts.filter(said), _SAID_AT.replace("?P<domain>", ""), r"@\1")
    some = pc.replace_substring_regex(pc.replace_substring_regex(some, _AT, "@"), _DOT, r"\1.\2")
    fits = pc.match_substring_regex(some, r"@[^@\s]+\.[^@\s0-9.]{2}")
    return CodePoints.of(pc.replace_with_mask(texts, said, pc.if_else(fits, some, texts.filter(said))))


def _joined(points: CodePoints) -> CodePoints:
    """Without what stands between the digits of one number."""
    codes, edges = points
    if len(codes) < _FEWEST:
        return points
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    between = np.zeros(len(codes), bool)
    between[1:-1] = _SEPARATOR[np.minimum(codes[1:-1], len(_SEPARATOR) - 1)] & is_digit[:-2] & is_digit[2:]
    ends = edges[1:-1]
    between[ends[ends < len(codes)]] = False
    between[ends[ends > 0] - 1] = False
    places = np.flatnonzero(between)
    if not len(places):
        return points
    keep = np.ones(len(codes), bool)
    keep[places[_of_one_number(codes, edges, ~is_digit, places)]] = False
    return points if keep.all() else points.kept(keep)


def _of_one_number(codes: Codes, edges: Edges, other: Bools, places: Rows) -> Bools:
    """Which separators, at places (p,) between digits, stand in a number that identifies."""
    signs = codes[places]
    others = np.flatnonzero(other)
    values = np.searchsorted(edges, places, side="right") - 1
    at = np.searchsorted(others, places)
    # Where the digits left of each separator begin, and where those right of it end.
    begin = np.maximum(np.where(at > 0, others[np.maximum(at - 1, 0)] + 1, 0), edges[values])
    end = np.minimum(
        np.where(at + 1 < len(others), others[np.minimum(at + 1, len(others) - 1)], len(codes)), edges[values + 1]
    )
    left = places - begin
    right = end - places - 1
    # Separators of one sign in a row, with nothing but digits between them, are of one number.
    first = np.ones(len(places), bool)
    first[1:] = (signs[1:] != signs[:-1]) | (begin[1:] != places[:-1] + 1)
    starts = np.flatnonzero(first)
    number = np.cumsum(first) - 1
    many = np.bincount(number)
    lead = left[starts]
    digits = lead + np.add.reduceat(right, starts)
    widest = np.maximum(lead, np.maximum.reduceat(right, starts))
    thousands = (np.minimum.reduceat(right, starts) == 3) & (np.maximum.reduceat(right, starts) == 3) & (lead <= 3)
    sign = signs[starts]
    once = many == 1
    china = (
        (lead == 2)
        & (codes[begin[starts]] == ord("8"))
        & (codes[np.minimum(begin[starts] + 1, len(codes) - 1)] == ord("6"))
    )
    fits = (digits >= _FEWEST) & (digits <= _MOST) & ((lead != 2) | (widest <= 2) | china)
    # Once, a point is a decimal one, a slash a ratio, a comma a list; 15000-200000 is a range.
    fits &= ~(once & np.isin(sign, _codes(".,/·")))
    fits &= ~(once & np.isin(sign, _codes("-_")) & (~np.isin(lead, (3, 4, 6, 7)) | (lead == right[starts])))
    fits &= ~((sign == ord(",")) & (thousands | (widest <= 2)))
    return np.asarray(fits[number])


def _codes(text: str) -> Codes:
    return np.array(list(map(ord, text)), np.uint32)


_SEPARATOR = np.zeros(256, bool)
_SEPARATOR[_codes(_SEPARATORS)] = True


@lru_cache(maxsize=1)
def _plain() -> Codes:
    table = white(simplified().copy())
    for code in (*range(0x80, 0x3400), *range(0xA000, 0xD800), *range(0xF900, 0x20000)):
        value = digit(chr(code), None)
        if value is not None:
            table[code] = ord("0") + value
    for plain, others in _LIKE.items():
        table[_codes(others)] = ord(plain)
    table[0x20E3] = GONE  # the key around a digit
    table[[code for code in (*range(0x20), *range(0x7F, 0xA0)) if not chr(code).isspace()]] = GONE
    return table


@lru_cache(maxsize=1)
def _numerals() -> Codes:
    table = identical()
    for numeral, value in NUMERALS.items():
        table[ord(numeral)] = ord(value)
    return table
