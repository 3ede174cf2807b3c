"""The districts of China, and how people spell them: 浙江省杭州市余杭区, 浙江杭州余杭区, 杭州市余杭区, 余杭区.

From the files in ``configs/hierarchies``: districts, cities with their regions and other spellings, former names. What
is written the same way for two places stands for neither: 鼓楼区 alone is in four cities.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from beam_deid.transforms.actions.built_in import built_in_rows, district_rows

_ETHNIC = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|"
    "赫哲|门巴|珞巴|基诺|各"
)
_AUTONOMOUS = re.compile(f"^(.+?)(?:(?:{_ETHNIC})族?)+自治(县|旗)$")
_PROVINCE_ENDING = re.compile("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$")
_ENDING = re.compile("(?:自治[州县旗]|地区|林区|特区|新区|[市区县旗盟])$")
_CITY_AND_DISTRICT = re.compile("^(.+?(?:自治州|市))(.+)$")
_FORMER = ("县", "市", "区")
# Counties that were split, although a part of the same name is left.
_SPLIT = frozenset({"邕宁县", "锡山市"})
_OF_NO_CITY = ("省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖县级行政单位", "省直辖", "直辖县级", "直辖县")
_OF_MUNICIPALITY = ("市辖区", "县")
_SHORTEST_ALONE = 3


@dataclass(frozen=True)
class Place:
    """A district, or a city or province of which no more is known.

    Attributes:
        province: Its province. Of a municipality, Hong Kong, Macao and Taiwan the city as well.
        city: Its city; None where it is not known. A county directly under a province is its own city.
        district: Its district; None where it is not known. A city without districts is its own district.
    """

    province: str
    city: str | None = None
    district: str | None = None

    @property
    def name(self) -> str:
        """Its full name, from the province down."""
        return _name(self.province, self.city, self.district)

    def cut(self, division: str) -> str:
        """The full name of its ``province``, ``city`` or ``district``, or of the finest that is known."""
        if division == "province":
            return self.province
        return _name(self.province, self.city, self.district if division == "district" else None)


@dataclass(frozen=True)
class Spellings:
    """Ways to write places.

    Attributes:
        whole: Each spelling that is a whole value, with its place.
        heads: Each spelling that an address may begin with: its place, and whether its last name is a short one, so that
            what follows must not make another name of it (浙江杭州, but not 浙江杭州路).
    """

    whole: Mapping[str, Place]
    heads: Mapping[str, tuple[Place, bool]]


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """All districts in the order of the list, then the cities and the provinces alone."""
    districts = [Place(province, city, district) for district, city, province in district_rows()]
    cities = (Place(one.province, one.city) for one in districts if one.city != one.district)
    provinces = (Place(one.province) for one in districts if one.city != one.province)
    return tuple(dict.fromkeys([*districts, *cities, *provinces]))


def short_provinces() -> dict[str, str]:
    """The province for each short name that is no city's: 浙江, 内蒙古, 北京, but not 吉林."""
    whole = spellings().whole
    names = {_PROVINCE_ENDING.sub("", place.province): place.province for place in places()}
    return {
        short: province for short, province in names.items() if short in whole and whole[short].province == province
    }


@lru_cache(maxsize=1)
def spellings() -> Spellings:
    """All spellings of all places."""
    known = _Known()
    found = _Found()
    for place in places():
        own = _PROVINCE_ENDING.sub("", place.province)
        provinces = {place.province: False, own: True}
        if place.city is None:
            _spell_province(found, place, provinces)
            continue
        cities = known.cities[place.city]
        if place.district in (None, place.city):
            _spell_city(found, place, provinces, cities)
        else:
            _spell_district(found, place, provinces, cities, known)
    for former, place in known.former_places.items():
        _spell_former(found, former, place)
    return found.spellings()


def hierarchy_text() -> str:
    """The hierarchy ``cn_districts``, as a hierarchy file would say it, in the order of `places`.

    A city or a province of which no more is known stands beside its districts, at each level under its own name.
    """
    regions = {province: region for _, province, region, _ in _city_rows()}
    rows = (f"{one.name};{one.city or one.province};{one.province};{regions[one.province]};*" for one in places())
    return "\n".join(["# levels: district;city;province;region;*", *rows])


class _Found:
    """Spellings with their places; of a lower rank first, and of one rank only what stands for one place."""

    def __init__(self) -> None:
        self._whole: dict[str, tuple[int, Place | None]] = {}
        self._heads: dict[str, tuple[int, Place | None, bool]] = {}

    def add(
        self, rank: int, text: str, place: Place, short: bool = False, head: bool = True, whole: bool = True
    ) -> None:
        if whole:
            rank_before, before = self._whole.get(text, (rank + 1, None))
            if rank < rank_before:
                self._whole[text] = (rank, place)
            elif rank == rank_before and before != place:
                self._whole[text] = (rank, None)
        if head:
            rank_before, before, _ = self._heads.get(text, (rank + 1, None, False))
            if rank < rank_before:
                self._heads[text] = (rank, place, short)
            elif rank == rank_before and before != place:
                self._heads[text] = (rank, None, short)

    def spellings(self) -> Spellings:
        return Spellings(
            {text: place for text, (_, place) in self._whole.items() if place is not None},
            {text: (place, short) for text, (_, place, short) in self._heads.items() if place is not None},
        )


class _Known:
    """What is known beside the official names."""

    def __init__(self) -> None:
        self.cities: dict[str, dict[str, bool]] = {}
        for city, *_ in _city_rows():
            self.cities[city] = {city: False}
        for row in built_in_rows("cn_divisions"):
            if len(row) == 2:
                alias = row[0]
                city = row[1][1:]
                # 恩施州 and 北京城区 are whole names; 恩施, 杭州 and 北京 are short ones.
                whole = (alias.endswith("州") and city.endswith("自治州")) or bool(_ENDING.search(alias))
                self.cities[city][alias] = not whole
        self.former_places: dict[str, Place] = {}
        targets = {place.name: place for place in places()}
        for former, now in ((row[0], row[1][1:]) for row in built_in_rows("cn_renamed")):
            if now in self.cities:
                self.cities[now][former] = False
            else:
                self.former_places[former] = targets[now]
        self.by_city: dict[str, set[str]] = {}
        for district, city, _ in district_rows():
            self.by_city.setdefault(city, set()).add(district)

    def districts(self, city: str, district: str) -> Iterator[tuple[int, str]]:
        """The whole names of a district, each with its rank: the official one, then the others."""
        yield 1, district
        autonomous = _AUTONOMOUS.match(district)
        if autonomous:
            yield 3, autonomous[1] + autonomous[2]
        stem = _ENDING.sub("", district)
        if district[-1] in "区市" and district == stem + district[-1] and len(stem) > 1:
            there = self.by_city[city]
            yield from ((3, stem + end) for end in _FORMER if stem + end not in there | _SPLIT)


def _spell_province(found: _Found, place: Place, provinces: Mapping[str, bool]) -> None:
    for name, short in provinces.items():
        found.add(0, name, place, head=not short)


def _spell_city(found: _Found, place: Place, provinces: Mapping[str, bool], cities: Mapping[str, bool]) -> None:
    for city, short in cities.items():
        found.add(0, city, place, short, head=not short)
        if short:
            found.add(0, city + str(place.city), place)
        for province in provinces:
            found.add(0, province + city, place, short)
    for province in provinces:
        if place.city != place.province and place.city == place.district:
            for filler in _OF_NO_CITY:
                found.add(0, province + filler + str(place.city), place)


def _spell_district(
    found: _Found, place: Place, provinces: Mapping[str, bool], cities: Mapping[str, bool], known: _Known
) -> None:
    city = str(place.city)
    district = str(place.district)
    municipality = place.city == place.province
    above = [*cities, *provinces, *(province + name for province in provinces for name in cities)]
    if municipality:
        above += [province + filler for province in provinces for filler in _OF_MUNICIPALITY]
    for rank, name in known.districts(city, district):
        for head in dict.fromkeys(above):
            found.add(rank, head + name, place)
        if len(name) >= _SHORTEST_ALONE:
            found.add(rank, name, place)
    stem = _ENDING.sub("", _AUTONOMOUS.sub(r"\1", district))
    if len(stem) > 1:
        # 义乌 is a city, 西湖 may be a road: in an address 杭州西湖 says no more than that this is 杭州.
        for head in dict.fromkeys(above):
            found.add(4, head + stem, place, short=True, head=district.endswith("市"))
        if not district.endswith("市"):
            for head in [name for name, short in cities.items() if short]:
                found.add(5, head + stem, Place(place.province, place.city), short=True, whole=False)


def _spell_former(found: _Found, former: str, place: Place) -> None:
    own = _PROVINCE_ENDING.sub("", place.province)
    parts = _CITY_AND_DISTRICT.match(former.removeprefix(place.province))
    if parts is None:
        # A city, or a district of a municipality.
        name = former.removeprefix(place.province)
        above = [place.province, own, own + place.province, place.province * 2]
    else:
        cities = [parts[1], parts[1][:-1]]
        name = parts[2]
        above = [*cities, *(province + city for province in (place.province, own) for city in cities)]
    for head in above:
        found.add(2, head + name, place)
    if len(name) >= _SHORTEST_ALONE:
        found.add(2, name, place)


def _city_rows() -> list[list[str]]:
    return [row for row in built_in_rows("cn_divisions") if len(row) > 2]


def _name(*parts: str | None) -> str:
    return "".join(dict.fromkeys(part for part in parts if part))
