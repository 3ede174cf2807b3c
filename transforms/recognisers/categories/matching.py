"""Which lists of sensitive values a column's values are on: one bit for each list."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text, plain
from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.recognisers.categories.sensitive_list import Terms

Bits = npt.NDArray[np.uint64]
"""The lists that each of some values is on, shape (n,): bit b is the b-th list."""

MOST_LISTS = 64
_BETWEEN = r"[\s\pP\pS]+"
"""What may stand between the characters of a Chinese term."""
_GONE = "\x01"
"""What stands for an exception."""
_KNOWN = 1 << 14
"""Most distinct values that are kept, so that what repeats in every batch is matched once."""


class _Patterns(NamedTuple):
    """Patterns in RE2; empty where there is none.

    Attributes:
        exceptions: What is taken out of a text first.
        inside: What a text contains, without what stands between its characters.
        words: What it says in words by themselves, or says and nothing else.
    """

    exceptions: str
    inside: str
    words: str


class Matcher:
    """Tells which lists values are on.

    Args:
        lists: The lists by name; their order is that of the bits.
    """

    def __init__(self, lists: Mapping[str, Terms]) -> None:
        self.names = tuple(lists)
        self._patterns = [_patterns(one) for one in lists.values()]
        # Most values are on no list: one look tells them.
        self._any = _patterns(*lists.values())
        self._known = pa.array([], pa.string())
        self._bits: Bits = np.empty(0, np.uint64)

    def bits(self, values: pa.Array) -> Bits:
        """The lists that each value is on, shape (n,); none for null and for what is no text.

        Args:
            values: A column in any layout, shape (n,), best of distinct values.
        """
        if not self._patterns or not is_text(values.type):
            return np.zeros(len(values), np.uint64)
        texts = plain(values)
        place = pc.index_in(texts, value_set=self._known)
        new = pc.unique(texts.filter(pc.and_(place.is_null(), texts.is_valid())))
        if not len(new):
            return self._spread(place, self._bits)
        found = self._match(new)
        if len(self._known) + len(new) <= _KNOWN:
            self._known = pa.concat_arrays([self._known, new])
            self._bits = np.concatenate([self._bits, found])
            return self._spread(pc.index_in(texts, value_set=self._known), self._bits)
        own = self._spread(pc.index_in(texts, value_set=new), found)
        return own | self._spread(place, self._bits)

    @staticmethod
    def _spread(place: pa.Array, bits: Bits) -> Bits:
        rows = place.fill_null(len(bits)).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(bits, np.uint64(0))[rows])

    def _match(self, distinct: pa.Array) -> Bits:
        texts = normal_text(distinct)
        some = np.flatnonzero(_is_on(self._any._replace(exceptions=""), texts))
        likely = texts.take(pa.array(some))
        found = np.zeros(len(texts), np.uint64)
        for place, one in enumerate(self._patterns):
            found[some[_is_on(one, likely)]] |= np.uint64(1 << place)
        return found


def told(bits: int, names: Iterable[str]) -> list[str]:
    """The names of the lists that bits stand for."""
    return [name for place, name in enumerate(names) if bits >> place & 1]


def _is_on(patterns: _Patterns, texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which normalized texts (n,) are on a list."""
    if patterns.exceptions:
        # What stands on both sides of an exception must not become one term.
        texts = _without(texts, patterns.exceptions, _GONE)
    found = np.zeros(len(texts), bool)
    if patterns.inside:
        found |= _matches(_without(texts, _BETWEEN, ""), patterns.inside)
    if patterns.words:
        found |= _matches(texts, patterns.words)
    return found


def _without(texts: pa.Array, pattern: str, instead: str) -> pa.Array:
    """Texts (n,) with something in place of each match of a pattern; most have none."""
    found = pc.match_substring_regex(texts, pattern)
    return pc.replace_with_mask(texts, found, pc.replace_substring_regex(texts.filter(found), pattern, instead))


def _matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    mask = pc.match_substring_regex(texts, pattern).fill_null(False)
    return np.asarray(mask.to_numpy(zero_copy_only=False))


@lru_cache(maxsize=128)
def _patterns(*lists: Terms) -> _Patterns:
    """The patterns of some lists together."""
    terms = [re.sub(r"[\s\W_]+", "", text) for one in lists for text in _normal(one.terms)]
    words = _any(text for one in lists for text in _normal(one.words))
    whole = _any(text for one in lists for text in _normal(one.whole))
    # \b would take RE2's slow way in every text that is not ASCII.
    apart = rf"(?:\A|[^a-z0-9])(?:{words})(?:e?s)?(?:\z|[^a-z0-9])" if words else ""
    spoken = (apart, rf"\A(?:{whole})\z" if whole else "")
    exceptions = _any(text for one in lists for text in _normal(one.exceptions))
    return _Patterns(exceptions, _any(terms), "|".join(one for one in spoken if one))


def _normal(texts: tuple[str, ...]) -> list[str]:
    """Terms as values are compared with them; nothing for what says nothing."""
    return [one for one in normal_text(pa.array(texts, pa.string())).to_pylist() if one]


def _any(texts: Iterable[str]) -> str:
    """A pattern of any of some texts, the longest first."""
    return "|".join(re.escape(one) for one in sorted(set(texts), key=lambda one: (-len(one), one)) if one)
