"""Texts in one spelling: what a reader takes for the same word becomes the same bytes.

Chinese characters are converted one by one by OpenCC's table (Apache-2.0), not by its phrases: two spellings of a word must
become one, whichever; that 乾隆 keeps its 乾 in simplified Chinese does not matter.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from unicodedata import combining, decomposition, normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.code_points import BETWEEN, GONE, LAST, CodePoints, Codes, identical
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.columns.words import words

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties: zero-width characters, direction marks, joiners, selectors.
_INVISIBLE = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_CHINESE = ((0x3400, 0x9FFF), (0xF900, 0xFAD9), (0x20000, 0x323AF))
_CASED = 0x1E944  # no character from here on has a case
_NORMALIZED = ((0x80, 0x3400), (0xA000, 0xD800), (0xE000, 0x20000), (0x2F800, 0x2FA20))
"""Where the characters are, from the first to before the last, that NFKC may change."""
_ALONE = 0x10FFFF
"""No character; it stands between characters that are looked at one by one."""
_SPACE = ord(" ")
_EXACT = float(2**53)
_UNKNOWN = ("null", "nan", "n/a", "nil", "unknown", "未知", "不详")
"""Words for a value that is not known; none and 无 are not among them, since having nothing is a value."""
_ASCII_SPACES = r"[\t-\r\x1c-\x1f ]+"


def normal_text(texts: pa.Array) -> pa.Array:
    """Texts without differences of spelling: a plain ``string`` array (n,), null where the texts are.

    Compatibility forms are read as the characters that they stand for (NFKC), case is folded, zero-width and direction marks are
    gone, traditional Chinese is simplified, a run of white space is one space, and none stands at an end.

    Args:
        texts: Text in any layout, shape (n,).
    """
    return per_distinct(texts, _normal)


def spelt_once(texts: pa.Array) -> pa.Array:
    """Normalize values so that spellings of one value are equal: a plain ``string`` array (n,).

    It is null for nulls and for values that say nothing, such as a word for unknown.

    Beyond `normal_text`, white space and punctuation at an end do not matter, nor how a number is written: 100 = 1e2 = +0100.00.

    Args:
        texts: Text in any layout, shape (n,).
    """
    return per_distinct(texts, lambda distinct: _spelt_once(_normal(distinct)))


def _spelt_once(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring_regex(texts, r"\s+", "")
    texts = pc.replace_substring_regex(texts, r"[。.,;:!?、]+\z", "")
    number = pc.match_substring_regex(texts, r"\A[+-]?[0-9][0-9,]*(\.[0-9]+)?\z")
    if pc.any(number, min_count=0).as_py():
        texts = pc.replace_with_mask(texts, number, _digits_once(texts.filter(number)))
    power = pc.match_substring_regex(texts, r"\A[+-]?[0-9]+(\.[0-9]+)?e[+-]?[0-9]{1,3}\z")
    if pc.any(power, min_count=0).as_py():
        texts = pc.replace_with_mask(texts, power, _power(texts.filter(power)))
    nothing = pc.or_(pc.match_substring_regex(texts, r"\A\**\z"), pc.is_in(texts, value_set=words(*_UNKNOWN)))
    return pc.if_else(nothing, None, texts)


def _digits_once(texts: pa.Array) -> pa.Array:
    """Numbers (n,) without a plus, separators, and zeros that change nothing."""
    texts = pc.replace_substring_regex(texts, r"[+,]", "")
    texts = pc.replace_substring_regex(texts, r"\A(-?)0+([0-9])", r"\1\2")
    texts = pc.replace_substring_regex(texts, r"(\.[0-9]*?)0+\z", r"\1")
    texts = pc.replace_substring_regex(texts, r"\.\z", "")
    return pc.replace_substring_regex(texts, r"\A-0\z", "0")


def _power(texts: pa.Array) -> pa.Array:
    """Numbers (n,) with an exponent as their digits, as far as a floating-point number holds them."""
    values = texts.cast(pa.float64())
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), _EXACT))
    digits = pc.if_else(whole, values, None).cast(pa.int64()).cast(pa.string())
    return pc.coalesce(digits, values.cast(pa.string()))


def _normal(texts: pa.Array) -> pa.Array:
    if all_ascii(texts):
        single = pc.utf8_lower(texts)
        if pc.any(pc.match_substring_regex(single, r"[\t-\r\x1c-\x1f]|  |\A | \z"), min_count=0).as_py():
            single = pc.utf8_trim(pc.replace_substring_regex(single, _ASCII_SPACES, " "), characters=" ")
        return single
    points = composed(texts)
    several = _having(points, _unfolded())
    if several.any():
        points = _changed(points, several, _folded)
    return pc.utf8_trim(single_spaced(points.translated(_table())).column(), characters=" ")


def all_ascii(texts: pa.Array) -> bool:
    """Whether no text (n,) has a character beyond ASCII."""
    return bool(pc.all(pc.string_is_ascii(texts), min_count=0).as_py())


def composed(texts: pa.Array) -> CodePoints:
    """Texts (n,), none null, in normal form NFKC and without invisible characters."""
    points = CodePoints.of(texts)
    changing = _having(points, _changing())
    return _changed(points, changing, _nfkc) if changing.any() else points


@lru_cache(maxsize=1)
def normal_already() -> Bools:
    """Characters that `normal_text` leaves as they are, whatever stands beside them but white space, shape (0x110000,)."""
    return np.asarray((_table() == np.arange(LAST)) & ~_changing() & ~_unfolded())


def _nfkc(points: CodePoints) -> CodePoints:
    # pyarrow's utf8_normalize leaves composable characters apart.
    return points.translated(_seen()).mapped(lambda text: normalize("NFKC", text))


def _folded(points: CodePoints) -> CodePoints:
    return points.mapped(str.casefold)


def _changed(points: CodePoints, mask: Bools, function: Callable[[CodePoints], CodePoints]) -> CodePoints:
    """The values that a mask (n,) has, changed; the others as they are."""
    if mask.all():
        return function(points)
    texts = points.column()
    some = pa.array(mask)
    return CodePoints.of(pc.replace_with_mask(texts, some, function(CodePoints.of(texts.filter(some))).column()))


def _having(points: CodePoints, table: Bools) -> Bools:
    """Which values, shape (n,), have a character of a table, shape (0x110000,)."""
    mask = np.zeros(len(points.edges) - 1, bool)
    there = np.flatnonzero(table[points.codes])
    if len(there):
        mask[np.searchsorted(points.edges, there, side="right") - 1] = True
    return mask


def single_spaced(points: CodePoints) -> CodePoints:
    """The texts with each run of spaces replaced by one."""
    space = points.codes == _SPACE
    keep = np.ones(len(space), bool)
    # Behind the space at the end of a value the next value may lose one at its beginning, where it means nothing either.
    keep[1:] = ~(space[1:] & space[:-1])
    return points if keep.all() else points.kept(keep)


@lru_cache(maxsize=1)
def simplified() -> Codes:
    """A table, shape (0x110000,), from traditional to simplified Chinese characters; all else as it is. Not to be written to."""
    from opencc import OpenCC

    codes = np.concatenate([np.arange(first, last + 1, dtype=np.uint32) for first, last in _CHINESE])
    given = codes.astype("<u4").tobytes().decode("utf-32-le")
    found = OpenCC("t2s").convert("\n".join(given)).split("\n")
    table = identical()
    table[codes] = [ord(one) if len(one) == 1 else ord(own) for own, one in zip(given, found, strict=True)]
    return table


def invisible(table: Codes) -> Codes:
    """A table, shape (0x110000,), that removes invisible characters."""
    for first, last in _INVISIBLE:
        table[first : last + 1] = GONE
    return table


def white(table: Codes) -> Codes:
    """A table, shape (0x110000,), that maps all white space to a space."""
    table[[code for code in range(0x3001) if chr(code).isspace()]] = _SPACE
    return table


@lru_cache(maxsize=1)
def _table() -> Codes:
    table = invisible(white(simplified().copy()))
    for code, folded in enumerate(_one_by_one(range(_CASED), str.casefold)):
        if len(folded) == 1 and ord(folded) != code:
            table[code] = ord(folded)
    return table


@lru_cache(maxsize=1)
def _unfolded() -> Bools:
    """Characters whose folded form is more than one, shape (0x110000,)."""
    table = np.zeros(LAST, bool)
    table[:_CASED] = [len(folded) > 1 for folded in _one_by_one(range(_CASED), str.casefold)]
    return table


def _one_by_one(codes: Iterable[int], function: Callable[[str], str]) -> list[str]:
    """What a function of text makes of each of some characters, in one call."""
    return function(chr(_ALONE).join(map(chr, codes))).split(chr(_ALONE))


@lru_cache(maxsize=1)
def _seen() -> Codes:
    table = invisible(identical())
    table[BETWEEN] = GONE
    return table


@lru_cache(maxsize=1)
def _changing() -> Bools:
    """Characters that NFKC may change, alone or behind another, and those that nobody sees, shape (0x110000,)."""
    table = _seen() == GONE
    codes = [code for first, last in _NORMALIZED for code in range(first, last)]
    forms = _one_by_one(codes, lambda text: normalize("NFKC", text))
    table[[code for code, form in zip(codes, forms, strict=True) if chr(code) != form or combining(chr(code))]] = True
    # Vowels and finals of Hangul, and a few vowel signs, compose without being combining.
    table[0x1100:0x1200] = True
    return np.asarray(table | _composing())


def _composing() -> Bools:
    table = np.zeros(LAST, bool)
    for code in (*range(0x80, 0x3100), *range(0xA000, 0xD800), *range(0x10000, 0x12000)):
        parts = decomposition(chr(code)).split()
        if len(parts) > 1 and not parts[0].startswith("<"):
            table[[int(part, 16) for part in parts[1:]]] = True
    return table
