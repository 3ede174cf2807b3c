"""Identifiers in the one spelling that stands for all of theirs, before a key makes something of them.

What has not the form of its kind, such as a foreign number in a column of mobiles, stays as it is but for white space around it:
nothing is guessed, and two identifiers never become one. `one_spelling.normalized` puts these spellings to use.
"""

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.screen import narrowed

_BETWEEN = "[\\s\u00a0\u3000\u200b-\u200f\u2060\ufeff·()（）‐‑‒–—−-]"
"""What people write between the digits of one number, but for points."""
_FRACTION = r"\.0\z"
_AROUND = " \t\r\n\u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


class Normal(NamedTuple):
    """How the spellings of one identifier become one.

    Attributes:
        told: What is done, in a few words for a label.
        spelt: Plain texts (n,), null or not, in that spelling (n,).
    """

    told: str
    spelt: Callable[[pa.Array], pa.Array]


def trimmed(texts: pa.Array) -> pa.Array:
    """Texts (n,) without white space and what nobody sees at their ends."""
    return pc.utf8_trim(texts, characters=_AROUND)


def without_point(texts: pa.Array) -> pa.Array:
    """Whole numbers (n,) without the zero that a program put behind them which took them for fractions: 17850.0."""
    if not pc.any(pc.ends_with(texts, ".0"), min_count=0).as_py():
        return texts
    return pc.replace_substring_regex(texts, r"\A([0-9]+)\.0\z", r"\1")


def spelt_as_number(texts: pa.Array) -> pa.Array:
    """Numbers of orders, parcels and accounts (n,): trimmed, whole ones without a point."""
    return without_point(trimmed(texts))


def joined(form: str, before: str = "", upper: bool = False) -> Callable[[pa.Array], pa.Array]:
    """A function that writes texts of a form without separators, with ASCII digits, and all others as numbers are spelt.

    A point before a zero at the end is never a separator: a program put both there, and that zero is no digit of the number.

    Args:
        form: What a text must be as a whole once separators are gone, in RE2.
        before: What may stand before it, and is left out.
        upper: Whether small letters become capitals.
    """
    bare = rf"\A(?:{form})\z"
    whole = rf"\A(?:{before})({form})\z"

    def spelt(texts: pa.Array) -> pa.Array:
        if pc.all(pc.match_substring_regex(texts, bare), min_count=0).as_py():
            return texts
        plain = pc.replace_substring(narrowed(texts), "＋", "+")
        plain = without_point(pc.replace_substring_regex(plain, _BETWEEN, ""))
        pointed = pc.match_substring_regex(plain, _FRACTION)
        plain = pc.if_else(pointed, plain, pc.replace_substring(plain, ".", ""))
        plain = pc.utf8_upper(plain) if upper else plain
        found = pc.match_substring_regex(plain, whole)
        return pc.if_else(found, pc.replace_substring_regex(plain, whole, r"\1"), spelt_as_number(texts))

    return spelt


AS_NUMBER = Normal("trimmed, and whole numbers without a point and a zero (17850.0)", spelt_as_number)
"""For what is numbered, where small letters and capitals differ."""
PLAIN = Normal("whole numbers without a point and a zero (17850.0)", without_point)
"""For identifiers of which nothing else is known."""
