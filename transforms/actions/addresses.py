"""Where an address is: the place that it begins with, by the longest of all spellings of places.

Nothing is guessed. What an address does not say in full names, or in short ones that confirm each other, is not known:
文三路1号 is nowhere, 南京东路 is a street and no city, 鼓楼区 alone is in four cities. Separators, full-width forms, a
country in front, names that are said twice (北京市北京市朝阳区) and names that stand for no place (市辖区) are passed over.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.divisions import Place, places, short_provinces, spellings

Division = Literal["province", "city", "district"]

Numbers = npt.NDArray[np.int32]

_SEPARATORS = r"[\s\x{200b}-\x{200f}\x{2060}\x{feff},，;；:：、/\\|_>·\-()\[\]【】]+"
_BEFORE = r"^(?:(?:收货|收件|详细)?地址 ?)?(?:(?:中华人民共和国|中国大陆|中国) ?)?"
_BEGINS_SO = r"^[收详地中]"
_FILLER = r"^(?:市辖区|省直辖县级行政(?:区划|单位)|自治区直辖县级行政(?:区划|单位)|省直辖|直辖县级?)+"
# What makes another name of a short one before it.
_GOES_ON = (
    r"^(?:[市区县旗州盟省场]|地区|自治|新区|[东西南北中上下内外]{0,2}[一二三四五六七八九十0-9]{0,3}"
    r"(?:路|街|大街|大道|道|巷|弄|里|胡同|线|国道|高速))"
)
_MARKET = r"^场"
_LONGEST = 26
_ROUNDS = 3


def places_of(texts: pa.Array) -> pa.Array:
    """The place that each address begins with.

    Args:
        texts: Plain ``string`` array; distinct values, if speed matters.

    Returns:
        ``int32`` array as long: the number of the place in `places`; null where none is known.
    """
    table = _table()
    rest = _tidied(texts)
    found = table.whole(rest)
    for _ in range(_ROUNDS):
        number, size = table.longest(rest)
        if not (number >= 0).any():
            break
        better = (number >= 0) & table.deepens(found, number)
        agrees = better | ((number >= 0) & table.deepens(number, found))
        found = np.where(better, number, found)
        # Of an address that goes on with a place elsewhere no more is read.
        rest = _further(rest, np.where(agrees, size, _LONGEST * 2), found, table)
    return pa.array(found, pa.int32(), mask=found < 0)


def cut_to(texts: pa.Array, division: Division, char: str) -> pa.Array:
    """Addresses as full official names of their ``division``: 浙江省杭州市.

    What goes out is put together from names of places, never cut from the text, so that nothing of street and house can
    stay, and one place has one spelling.

    Args:
        texts: Plain ``string`` array.
        division: The finest division that is kept.
        char: What stands, three times, for an address of which not even the province is known.

    Returns:
        An array as long; an address of which less is known is cut to that. Null stays null, empty text empty.
    """
    known = pa.array([place.cut(division) for place in places()]).take(places_of(texts))
    return pc.if_else(pc.equal(texts, ""), "", pc.if_else(pc.is_valid(texts), known.fill_null(char * 3), None))


class _Table:
    """All spellings by their length."""

    def __init__(self) -> None:
        number = {place: index for index, place in enumerate(places())}
        heads = spellings().heads
        whole = spellings().whole
        self.names = pa.array([place.name for place in places()])
        self._whole_texts = pa.array(whole)
        self._whole_places = np.array([*(number[place] for place in whole.values()), -1], np.int32)
        self._starts: dict[str, int] = {}
        by_length: dict[int, dict[str, tuple[Place, bool]]] = {}
        for text, said in heads.items():
            by_length.setdefault(len(text), {})[text] = said
            self._starts[text[:2]] = max(self._starts.get(text[:2], 0), len(text))
        self._lengths = sorted(by_length, reverse=True)
        self._texts = {length: pa.array(by_length[length]) for length in self._lengths}
        self._places = {
            length: np.array([number[place] for place, _ in by_length[length].values()], np.int32)
            for length in self._lengths
        }
        self._short = {length: np.array([short for _, short in by_length[length].values()]) for length in self._lengths}
        self._start_texts = pa.array(self._starts)
        self._start_longest = np.array([0, *self._starts.values()], np.int32)
        # Each place as three numbers; 0 where it is not known.
        self._parts = np.zeros((len(number) + 1, 3), np.int32)
        for column, parts in enumerate(zip(*((p.province, p.city, p.district) for p in places()), strict=True)):
            codes = {part: code for code, part in enumerate(dict.fromkeys(part for part in parts if part), start=1)}
            self._parts[:-1, column] = [codes.get(part, 0) for part in parts]

    def whole(self, texts: pa.Array) -> Numbers:
        """The place that each text spells and says nothing else, -1 if none."""
        spelt = pc.index_in(texts, self._whole_texts).cast(pa.int32()).fill_null(-1)
        found: Numbers = self._whole_places[spelt.to_numpy(zero_copy_only=False)]
        return found

    def deepens(self, outer: Numbers, inner: Numbers) -> npt.NDArray[np.bool_]:
        """Whether the place of ``inner`` is that of ``outer`` or lies in it; -1 is anywhere."""
        out = self._parts[outer]
        inn = self._parts[inner]
        same: npt.NDArray[np.bool_] = ((out == 0) | (out == inn)).all(axis=1)
        return same

    def longest(self, texts: pa.Array) -> tuple[Numbers, Numbers]:
        """The place of the longest spelling that each text begins with, -1 if none; and the spelling's length."""
        number = np.full(len(texts), -1, np.int32)
        size = np.zeros(len(texts), np.int32)
        start = pc.index_in(pc.utf8_slice_codeunits(texts, 0, 2), self._start_texts)
        reach = self._start_longest[start.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False) + 1]
        for length in self._lengths:
            rows = np.flatnonzero((number < 0) & (reach >= length))
            if not len(rows):
                continue
            here = texts.take(pa.array(rows))
            spelt = pc.index_in(pc.utf8_slice_codeunits(here, 0, length), self._texts[length])
            spelt = spelt.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
            hit = np.flatnonzero(spelt >= 0)
            if len(hit):
                after = pc.utf8_slice_codeunits(here.take(pa.array(hit)), length, length + 8)
                short, market = (
                    pc.match_substring_regex(after, pattern).to_numpy(zero_copy_only=False)
                    for pattern in (_GOES_ON, _MARKET)
                )
                hit = hit[~np.where(self._short[length][spelt[hit]], short, market)]
                number[rows[hit]] = self._places[length][spelt[hit]]
                size[rows[hit]] = length
        return number, size


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table()


@lru_cache(maxsize=1)
def _provinces_alone() -> tuple[str, pa.Array, pa.Array]:
    short = short_provinces()
    return f"^(?P<name>{'|'.join(short)})(?: |$)", pa.array(short.keys()), pa.array(short.values())


def _tidied(texts: pa.Array) -> pa.Array:
    """The beginnings of addresses without anything between names."""
    head = pc.utf8_slice_codeunits(texts.fill_null(""), 0, _LONGEST * 3)
    head = pc.replace_substring_regex(pc.utf8_normalize(head, form="NFKC"), _SEPARATORS, " ")
    head = pc.utf8_trim_whitespace(head)
    if pc.any(pc.match_substring_regex(head, _BEGINS_SO)).as_py():
        head = pc.replace_substring_regex(head, _BEFORE, "", max_replacements=1)
    # A province's short name is taken for one only where something parts it from what follows: 上海 南京东路.
    pattern, short, whole = _provinces_alone()
    alone = pc.extract_regex(head, pattern)
    if alone.null_count < len(alone):
        name = whole.take(pc.index_in(pc.struct_field(alone, "name"), short))
        head = pc.coalesce(pc.binary_join_element_wise(name, pc.replace_substring_regex(head, pattern, ""), ""), head)
    return pc.replace_substring(head, " ", "")


def _further(texts: pa.Array, sizes: Numbers, found: Numbers, table: _Table) -> pa.Array:
    """What follows the names that were read; after a name that stands for no place, with the place in front again."""
    left = pc.replace_substring_regex(_without(texts, sizes), "^场.*", "")
    plain = pc.replace_substring_regex(left, _FILLER, "")
    names = table.names.take(pa.array(found, pa.int32(), mask=found < 0)).fill_null("")
    return pc.if_else(pc.equal(plain, left), left, pc.binary_join_element_wise(names, plain, ""))


def _without(texts: pa.Array, sizes: Numbers) -> pa.Array:
    """Each text without its first characters, as many as ``sizes`` says."""
    rows = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    if not rows:
        return texts
    pieces = [
        pc.utf8_slice_codeunits(texts.take(pa.array(one)), int(size))
        for one, size in zip(rows, np.unique(sizes), strict=True)
    ]
    return pa.concat_arrays(pieces).take(pa.array(np.argsort(np.concatenate(rows))))
