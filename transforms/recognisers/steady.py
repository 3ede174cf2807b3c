"""Texts that are in one spelling already, told by a look at the classes of their characters.

`identity.identity_text` respells values by a dozen patterns. Most values of a column need none of them: numbers, tokens of
letters and digits, names without blanks. Which those are is told here for a whole column at once, and never wrongly: where a
text might need a pattern it is not steady, and is respelt.
"""

from enum import IntFlag
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.code_points import LAST, CodePoints, Edges
from beam_deid.transforms.columns.normal_text import normal_already
from beam_deid.transforms.recognisers.respelled import NUMERALS, read_already
from beam_deid.transforms.recognisers.screen import buffers_of

Characters = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]
Classes = npt.NDArray[np.uint8]

_SLICE = 1 << 12
"""Texts whose characters stay in the processor's cache."""
_MOBILE = 11
_ABROAD = 12
"""The shortest number that has China's code, or a zero, before a mobile."""
_INSIDE = range(2, 8)
"""Places from the end that are digits and separators in whatever is a number: the last one may be a letter."""
_NO_STEADY_SIGN = "×转·•●○■□█…‐‑‒–—−"
"""Characters beyond ASCII that masks are written with, or that stand between the parts of a number."""


class Sign(IntFlag):
    """What a text is written with."""

    DIGIT = 1
    LETTER = 2
    MARK = 4
    """x and e: letters, but numbers are masked with the one and written as powers with the other."""
    JOINT = 8
    """- and _, which mean nothing between the parts of a number."""
    NUMERAL = 16
    """Chinese numerals, which may be digits."""
    HIGH = 32
    """Every other character beyond ASCII that is spelt in one way only."""
    OTHER = 64
    """Whatever may need respelling."""


_WORD = Sign.LETTER | Sign.HIGH
"""What no number has, whatever it is written with, but at its ends."""
_PIECES = Sign.JOINT | Sign.NUMERAL | Sign.HIGH
"""What may stand beside a mobile."""


class _Text(NamedTuple):
    """The characters of some texts.

    Attributes:
        codes: Bytes if all are ASCII, else code points, shape (c,).
        edges: int64, shape (n + 1,): text i is ``codes[edges[i]:edges[i + 1]]``.
    """

    codes: Characters
    edges: Edges


def steady(texts: pa.Array, grouped: bool) -> Bools:
    """Which texts need no respelling, but for their capital letters: a mask, shape (n,). An empty text does.

    Args:
        texts: A plain ``string`` array, shape (n,), without nulls.
        grouped: Whether separators mean nothing in values of their kind, so that they go.
    """
    found = np.empty(len(texts), bool)
    for begin in range(0, len(texts), _SLICE):
        found[begin : begin + _SLICE] = _steady(_read(texts.slice(begin, _SLICE)), grouped)
    return found


def _read(texts: pa.Array) -> _Text:
    data, edges = buffers_of(texts)
    if len(data) and data.max() >= 0x80:
        return _Text(*CodePoints.of(texts))
    return _Text(data, edges)


def _steady(text: _Text, grouped: bool) -> Bools:
    codes, edges = text
    sizes = np.diff(edges)
    if len(codes) and (sizes > 0).all() and codes.min() >= ord("0") and codes.max() <= ord("9"):
        return _is_from_here(text, sizes)
    if not len(codes):
        return np.zeros(len(sizes), bool)
    # The table of all characters takes its time to be made, and many columns are ASCII.
    classes = np.take(_ASCII if codes.dtype == np.uint8 else _table(), codes)
    signs = _signs(classes, edges)
    found = (signs & (_WORD | Sign.DIGIT)) > 0
    found &= (signs & Sign.OTHER) == 0
    numbers = (signs & ~Sign.DIGIT) == 0
    found &= ~numbers | _is_from_here(text, sizes)
    # Nothing but digits, and letters that masks and powers are written with, or nothing but numerals.
    found &= numbers | ((signs & _WORD) > 0)
    joined = (signs & Sign.JOINT) > 0
    if grouped:
        found &= ~joined
    else:
        found &= ~joined | ((signs & Sign.HIGH) > 0) | _has_letters_inside(classes, edges, sizes)
    pieces = (signs & _PIECES) > 0
    if (pieces & found).any():
        found &= ~(pieces & _has_mobile(classes, edges))
    return found


def _signs(classes: Classes, edges: Edges) -> Classes:
    """The classes that each text has, shape (n,)."""
    padded = np.append(classes, np.uint8(0))
    signs: Classes = np.bitwise_or.reduceat(padded, edges[:-1])
    signs[edges[1:] == edges[:-1]] = 0
    return signs


def _is_from_here(text: _Text, sizes: Edges) -> Bools:
    """Which numbers cannot have a country's code or a zero before a mobile: they are short, or begin with another digit."""
    # Of an empty text at the end the character is another's; it is too short to matter.
    first = text.codes[np.minimum(text.edges[:-1], len(text.codes) - 1)]
    return np.asarray((sizes < _ABROAD) | ((first != ord("0")) & (first != ord("8"))))


def _has_letters_inside(classes: Classes, edges: Edges, sizes: Edges) -> Bools:
    """Which texts have a letter where a number that is written with separators has none."""
    found = np.zeros(len(sizes), bool)
    left = np.arange(len(sizes))
    for place in _INSIDE:
        left = left[sizes[left] >= place]
        letters = (classes[edges[left + 1] - place] & (Sign.LETTER | Sign.MARK)) > 0
        found[left[letters]] = True
        left = left[~letters]
    return found


def _has_mobile(classes: Classes, edges: Edges) -> Bools:
    """Which texts have as many digits in a row as a mobile."""
    one = classes == Sign.DIGIT
    two = one[:-1] & one[1:]
    four = two[:-2] & two[2:]
    eight = four[:-4] & four[4:]
    begins = np.flatnonzero(eight[:-3] & eight[3:])
    texts = np.searchsorted(edges, begins, side="right") - 1
    found = np.zeros(len(edges) - 1, bool)
    found[texts[edges[texts + 1] - begins >= _MOBILE]] = True
    return found


def _ascii() -> Classes:
    """The class of each byte, shape (256,); those beyond ASCII are of none."""
    table = np.full(256, Sign.OTHER, np.uint8)
    for signs, which in (
        ("0123456789", Sign.DIGIT),
        ("abcdfghijklmnopqrstuvwyzABCDFGHIJKLMNOPQRSTUVWYZ", Sign.LETTER),
        ("xXeE", Sign.MARK),
        ("-_", Sign.JOINT),
    ):
        table[list(signs.encode())] = which
    return table


_ASCII = _ascii()


@lru_cache(maxsize=1)
def _table() -> Classes:
    """The class of each character, shape (0x110000,)."""
    table = np.full(LAST, Sign.OTHER, np.uint8)
    table[normal_already() & read_already()] = Sign.HIGH
    table[:0x80] = _ASCII[:0x80]
    table[[ord(sign) for sign in _NO_STEADY_SIGN]] = Sign.OTHER
    table[[ord(sign) for sign in NUMERALS if table[ord(sign)] == Sign.HIGH]] = Sign.NUMERAL
    return table
