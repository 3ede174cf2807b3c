"""Cut an address down to a division: 浙江省杭州市西湖区文三路1号 to 浙江省杭州市.

What goes out is put together from the official names of the built-in divisions, never cut from the text, so that
nothing of street and house can stay, and one division has one spelling.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.built_in import district_rows
from beam_deid.transforms.actions.ladders.hierarchy_file import read_hierarchy
from beam_deid.transforms.columns.distinct import per_distinct

Division = Literal["province", "city", "district"]

_SEPARATORS = " \t\r\n\u3000,，;；/|_-"


def cut_to(texts: pa.Array, division: Division, char: str) -> pa.Array:
    """Addresses as names of divisions, from the province down to ``division``.

    Args:
        texts: Plain ``string`` array.
        division: The finest level that is kept.
        char: What stands, three times, for an address whose province and city cannot be told.

    Returns:
        An array as long. A part that cannot be told is left out with all below it: a province without its city
        where the city is unknown. A city without its province in front needs its whole name (杭州市), for streets are
        named after cities. Null stays null, empty text empty.
    """
    table = _divisions()
    text = pc.utf8_ltrim(texts, characters=_SEPARATORS)
    province, text = _province(text, table, rest=division != "province")
    named = province
    if division != "province":
        city, text = _city(text, province, table, rest=division == "district")
        named = _joined(province, city)
        if division == "district":
            district = _district(text, city, table)
            named = _joined(named, pc.if_else(pc.equal(district, city), None, district))
    return pc.if_else(
        pc.equal(texts, ""), "", pc.if_else(pc.and_(pc.is_valid(texts), pc.is_null(named)), char * 3, named)
    )


class _Names:
    """Names that a text may begin with, each with what it stands for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = pa.array(names.keys(), pa.string())
        self._stands_for = pa.array(names.values(), pa.string())
        self._sizes = pc.utf8_length(self._names)
        self._lengths = sorted(set(self._sizes.to_pylist()))
        self.longest = self._lengths[-1]

    def longest_at_start(self, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        """What the longest name that each text begins with stands for, null if none; and its length, 0 if none."""
        best = pa.nulls(len(texts), pa.int32())
        for length in self._lengths:
            best = pc.coalesce(pc.index_in(pc.utf8_slice_codeunits(texts, 0, length), self._names), best)
        return self._stands_for.take(best), self._sizes.take(best).fill_null(0)

    def of(self, texts: pa.Array) -> pa.Array:
        """What each text stands for; null if it is none of the names."""
        return self._stands_for.take(pc.index_in(texts, self._names))


class _Divisions:
    """What the built-in files say, arranged for matching."""

    def __init__(self) -> None:
        table = read_hierarchy("cn_divisions")
        province_of = {leaf: parents[0] for leaf, parents in zip(table.leaves, table.parents, strict=True)}
        names = dict.fromkeys(province_of.values())
        self.provinces = _Names({**{name: name for name in names}, **{_short(name): name for name in names}})
        self.whole_cities = _Names({leaf: leaf for leaf in table.leaves})
        self.cities = _Names({**{leaf: leaf for leaf in table.leaves}, **table.aliases})
        self.province_of = _Names(province_of)
        self.districts = pa.array([f"{city};{district}" for district, city, _ in district_rows()])
        self.district_names = pa.array([district for district, _, _ in district_rows()])
        self.district_lengths = sorted({len(district) for district, _, _ in district_rows()})
        self.longest_district = self.district_lengths[-1]


@lru_cache(maxsize=1)
def _divisions() -> _Divisions:
    return _Divisions()


def _short(province: str) -> str:
    return re.sub("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$", "", province)


def _province(texts: pa.Array, table: _Divisions, rest: bool) -> tuple[pa.Array, pa.Array]:
    """The province of each address, and the address from its city on."""
    head = pc.utf8_slice_codeunits(texts, 0, table.whole_cities.longest).dictionary_encode()
    named, size = table.provinces.longest_at_start(head.dictionary)
    city, city_size = table.whole_cities.longest_at_start(head.dictionary)
    # 吉林市 is a city, not the province 吉林 before something.
    lone = pc.greater(city_size, size)
    province = pc.if_else(lone, table.province_of.of(city), named).take(head.indices)
    return province, _without(texts, pc.if_else(lone, 0, size).take(head.indices)) if rest else texts


def _city(texts: pa.Array, province: pa.Array, table: _Divisions, rest: bool) -> tuple[pa.Array, pa.Array]:
    """The city of each address in its province, and the address from its district on."""
    head = pc.utf8_slice_codeunits(texts, 0, table.cities.longest).dictionary_encode()
    named, size = table.cities.longest_at_start(head.dictionary)
    above = table.province_of.of(named).take(head.indices)
    # A city that lies elsewhere is a district or a street of that name: 北京朝阳区.
    here = pc.fill_null(pc.equal(above, province), False)
    city = pc.if_else(here, named.take(head.indices), None)
    left = _without(texts, pc.if_else(here, size.take(head.indices), 0)) if rest else texts
    # A municipality is its own city.
    return pc.coalesce(city, per_distinct(province, table.whole_cities.of)), left


def _district(texts: pa.Array, city: pa.Array, table: _Divisions) -> pa.Array:
    """The longest district of its city that each text begins with, or null."""
    head = pc.utf8_slice_codeunits(texts, 0, table.longest_district).dictionary_encode()
    best = pa.nulls(len(texts), pa.string())
    for length in table.district_lengths:
        name = pc.utf8_slice_codeunits(head.dictionary, 0, length)
        known = pc.is_in(name, table.district_names)
        if pc.any(known).as_py():
            name = pc.if_else(known, name, None).take(head.indices)
            there = pc.is_in(pc.binary_join_element_wise(city, name, ";"), table.districts)
            best = pc.if_else(there, name, best)
    return best


def _joined(above: pa.Array, below: pa.Array) -> pa.Array:
    part = pc.if_else(pc.fill_null(pc.equal(above, below), True), "", below)
    return pc.binary_join_element_wise(above, part, "")


def _without(texts: pa.Array, sizes: pa.Array) -> pa.Array:
    """Each text without its first characters, as many as ``sizes`` says, and the separators after them."""
    counts = sizes.fill_null(0).to_numpy(zero_copy_only=False)
    rows: list[npt.NDArray[np.int64]] = []
    pieces: list[pa.Array] = []
    for size in np.unique(counts).tolist():
        rows.append(np.flatnonzero(counts == size))
        pieces.append(pc.utf8_slice_codeunits(texts.take(pa.array(rows[-1])), size))
    if not pieces:
        return texts
    left = pa.concat_arrays(pieces).take(pa.array(np.argsort(np.concatenate(rows))))
    return pc.utf8_ltrim(left, characters=_SEPARATORS)
