"""Cut an address down to a division: 浙江省杭州市西湖区文三路1号 to 浙江省杭州市.

What goes out is put together from the official names of the built-in divisions, never cut from the text, so that
nothing of street and house can stay, and one division has one spelling.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.built_in import district_rows
from beam_deid.transforms.actions.ladders.hierarchy_file import read_hierarchy

Division = Literal["province", "city", "district"]

_SEPARATOR = r"[\s　,，;；/|_\-]*"
_LOOK_AT = 40
_LONGEST_DISTRICT = 15


def cut_to(texts: pa.Array, division: Division, char: str) -> pa.Array:
    """Addresses as names of divisions, from the province down to ``division``.

    Args:
        texts: Plain ``string`` array.
        division: The finest level that is kept.
        char: What stands, three times, for an address whose province and city cannot be told.

    Returns:
        An array as long. A part that cannot be told is left out with all below it: a province without its city
        where the city is unknown. A city's name without its province in front needs its suffix (杭州市). Null stays
        null, empty text empty.
    """
    start = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(texts), 0, _LOOK_AT)
    coded = start.dictionary_encode()
    return pc.if_else(pc.equal(texts, ""), "", _named(coded.dictionary, division, char).take(coded.indices))


def _named(texts: pa.Array, division: Division, char: str) -> pa.Array:
    table = _divisions()
    found = pc.extract_regex(texts, table.pattern)
    province = _first_known(found, ("province", "lone_province"), table.provinces)
    city = _first_known(found, ("city", "short_city"), table.cities)
    above = _looked_up(city, table.province_of)
    # A city that lies elsewhere is a district or a street of that name: 北京朝阳区.
    elsewhere = pc.fill_null(pc.not_equal(province, above), False)
    city = pc.if_else(elsewhere, None, city)
    province = pc.coalesce(province, above)
    # A municipality is its own city.
    city = pc.coalesce(city, _looked_up(province, table.cities))
    parts = [province]
    if division != "province":
        parts.append(pc.if_else(pc.equal(city, province), "", city))
    if division == "district":
        rest, name = pc.struct_field(found, "rest"), pc.struct_field(found, "short_city")
        rest = pc.if_else(elsewhere, pc.binary_join_element_wise(name, rest, ""), rest)
        parts.append(_district(city, rest, table.districts))
    named = pc.binary_join_element_wise(*(part.fill_null("") for part in parts), "")
    return pc.if_else(pc.equal(named, ""), char * 3, named)


def _district(city: pa.Array, rest: pa.Array, districts: pa.Array) -> pa.Array:
    """The longest district of the city that the rest begins with, or null."""
    best = pa.nulls(len(city), pa.string())
    for length in range(2, _LONGEST_DISTRICT + 1):
        name = pc.utf8_slice_codeunits(rest, 0, length)
        key = pc.binary_join_element_wise(city, name, ";")
        best = pc.if_else(pc.fill_null(pc.is_in(key, districts), False), name, best)
    return pc.if_else(pc.equal(best, city), "", best)


def _first_known(found: pa.Array, groups: Iterable[str], table: dict[str, str]) -> pa.Array:
    return pc.coalesce(*(_looked_up(pc.struct_field(found, group), table) for group in groups))


def _looked_up(texts: pa.Array, table: dict[str, str]) -> pa.Array:
    names, values = pa.array(table.keys(), pa.string()), pa.array(table.values(), pa.string())
    return values.take(pc.index_in(texts, names))


class _Divisions:
    """What the built-in files say, arranged for matching."""

    def __init__(self) -> None:
        table = read_hierarchy("cn_divisions")
        rows = dict(zip(table.leaves, table.parents, strict=True))
        self.cities = {**{leaf: leaf for leaf in table.leaves}, **table.aliases}
        self.province_of = {leaf: parents[0] for leaf, parents in rows.items()}
        names = dict.fromkeys(self.province_of.values())
        self.provinces = {**{name: name for name in names}, **{_short(name): name for name in names}}
        self.districts = pa.array([f"{city};{district}" for district, city, _ in district_rows()])
        provinces, cities = _alternatives(self.provinces), _alternatives(table.leaves)
        # A city's short name counts only after its province, for streets are named after cities.
        short = _alternatives(table.aliases)
        self.pattern = (
            rf"^(?:(?:(?P<province>{provinces}){_SEPARATOR})?(?P<city>{cities})|"
            rf"(?P<lone_province>{provinces}){_SEPARATOR}(?P<short_city>{short})?)"
            rf"{_SEPARATOR}(?P<rest>(?s:.{{0,{_LONGEST_DISTRICT}}}))"
        )


@lru_cache(maxsize=1)
def _divisions() -> _Divisions:
    return _Divisions()


def _short(province: str) -> str:
    return re.sub("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$", "", province)


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))
