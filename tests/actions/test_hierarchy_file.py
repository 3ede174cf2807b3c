import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.built_in import district_rows
from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.hierarchies.hierarchy_file import parse_hierarchy, read_hierarchy
from beam_deid.transforms.errors import PolicyError

TARGET = Target("r", "f")


def table(text):
    return parse_hierarchy(text.encode(), "categories.csv")


def test_rows_comments_byte_order_mark_and_line_ends_are_read():
    read = table("\ufeff# a comment\r\napple;fruit;*\r\n\r\n leek ; vegetable ; *\r\n")
    assert read.leaves == ("apple", "leek")
    assert read.parents == (("fruit", "*"), ("vegetable", "*"))
    assert read.levels == ("value", "level 1", "*")


def test_a_top_that_is_not_all_counts_as_a_level_of_its_own():
    read = table("apple;fruit;food\nleek;vegetable;food\n")
    assert read.levels == ("value", "level 1", "level 2", "*")
    assert read.parents[0] == ("fruit", "food", "*")


def test_a_comment_names_the_levels_and_a_row_gives_another_spelling():
    read = table("# levels: kind;group\napple;fruit\npear;fruit\nmalus;=apple\n")
    assert read.levels == ("kind", "group", "*")
    assert read.aliases == {"malus": "apple"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("a;x;*\na;y;*\n", "line 2: the same value in another group, first in line 1"),
        ("a;x;*\na;x;*\n", "line 2: the same value again"),
        ("a;x;*\nb;*\n", "line 2: 2 cells where the first row has 3"),
        ("a;x;*\nb;;*\n", "line 2: a cell is empty"),
        ("a;x;*;\n", "line 1: a cell is empty"),
        ("a\n", "line 1: a cell is empty"),
        ("a;x;n;*\nb;x;s;*\n", "line 2: the group in cell 2 lies in another group than in line 1"),
        ("a;x\nb;y\n", "line 2: the last cell differs"),
        ("a;x;*\nc;=b\n", "line 2: this spelling belongs to a value that has no row"),
        ("a;*\nb;*\na;=b\n", "line 3: this spelling has a row of its own"),
        ("a;*\nb;*\nc;=a\nc;=b\n", "line 4: this spelling stands for another value"),
        ("# levels: one\na;x;*\n", "names the levels does not fit"),
    ],
)
def test_a_file_that_is_no_hierarchy_is_refused_with_its_line(text, expected):
    with pytest.raises(PolicyError) as caught:
        table(text)
    assert expected in caught.value.message
    assert "categories.csv" in caught.value.message


def test_a_file_in_another_encoding_is_refused():
    with pytest.raises(PolicyError, match="not UTF-8"):
        parse_hierarchy("苹果;水果;*".encode("gb18030"), "categories.csv")


def test_a_missing_file_and_an_unknown_name_are_found_when_the_policy_is_read(tmp_path):
    assert "cn_divisions" in (Generalize(hierarchy="cn_cities").check(TARGET) or "")
    assert str(tmp_path) in (Generalize(hierarchy=f"{tmp_path}/gone.csv").check(TARGET) or "")


def test_a_file_that_was_mended_is_read_again(tmp_path):
    path = tmp_path / "categories.csv"
    path.write_text("apple;fruit;*\napple;other;*\n")
    action = Generalize(hierarchy=str(path))
    assert "line 2" in (action.check(TARGET) or "")
    path.write_text("apple;fruit;*\n")
    assert action.check(TARGET) is None


def test_the_divisions_of_china_are_complete():
    read = read_hierarchy("cn_divisions")
    assert read.levels == ("city", "province", "region", "*")
    assert {parents[0] for parents in read.parents} == {province for _, _, province in district_rows()}
    assert len({parents[0] for parents in read.parents}) == 34
    assert {parents[1] for parents in read.parents} == {
        "华北",
        "东北",
        "华东",
        "华中",
        "华南",
        "西南",
        "西北",
        "港澳台",
    }
    cities = {leaf: parents[0] for leaf, parents in zip(read.leaves, read.parents, strict=True)}
    assert {(city, province) for _, city, province in district_rows()} == set(cities.items())


@pytest.mark.parametrize(
    ("spelling", "city", "province"),
    [
        ("北京", "北京市", "北京市"),
        ("重庆市", "重庆市", "重庆市"),
        ("吉林", "吉林市", "吉林省"),
        ("恩施州", "恩施土家族苗族自治州", "湖北省"),
        ("西双版纳", "西双版纳傣族自治州", "云南省"),
        ("大兴安岭", "大兴安岭地区", "黑龙江省"),
        ("锡林郭勒", "锡林郭勒盟", "内蒙古自治区"),
        ("仙桃", "仙桃市", "湖北省"),
        ("石河子市", "石河子市", "新疆维吾尔自治区"),
        ("陵水", "陵水黎族自治县", "海南省"),
        ("海南州", "海南藏族自治州", "青海省"),
        ("神农架", "神农架林区", "湖北省"),
        ("香港", "香港特别行政区", "香港特别行政区"),
        ("台北市", "台湾省", "台湾省"),
    ],
)
def test_a_city_is_known_by_its_usual_spellings(spelling, city, province):
    hierarchy = Generalize(hierarchy="cn_divisions").generalization_hierarchy()
    base = hierarchy.base(pa.array([f" {spelling} "])).values
    assert base.to_pylist() == [city]
    assert hierarchy.at(base, 1).to_pylist() == [province]
    assert city in (hierarchy.domain.to_pylist() if hierarchy.domain is not None else ())


cells = st.sampled_from(["a", "b", "c", "*", "", "="])


@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=5))
def test_a_random_file_is_a_hierarchy_whose_levels_nest_or_is_refused_with_its_line(rows):
    problem = None
    try:
        read = table("\n".join(";".join(row) for row in rows))
    except PolicyError as error:
        problem = error.message
    if problem is not None:
        assert "line" in problem or "is empty" in problem
        return
    assert len(set(read.leaves)) == len(read.leaves)
    assert all(len(path) == len(read.levels) - 1 and path[-1] == "*" and all(path) for path in read.parents)
    for below in range(len(read.levels) - 2):
        above = {(path[below], path[below + 1]) for path in read.parents}
        assert len(above) == len({group for group, _ in above})
