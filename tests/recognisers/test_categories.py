"""Categories of personal information, and lists of sensitive values: the data, and which values are on which list."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.categories.category import article, categories, read_document
from beam_deid.transforms.recognisers.categories.matching import Matcher, told
from beam_deid.transforms.recognisers.categories.sensitive_list import SensitiveList, Terms, sensitive_lists
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.synthetic.chance import Chance
from beam_deid.transforms.synthetic.goods import SENSITIVE_CATEGORIES, goods

from ..kit.examples import examples

OF_ARTICLE_28 = {"生物识别", "宗教信仰", "特定身份", "医疗健康", "金融账户", "行踪轨迹", "不满十四周岁未成年人"}
TERMS = [(name, term) for name, one in sensitive_lists().items() for term in (*one.terms, *one.words, *one.whole)]


def lists_of(*values):
    """The lists that each value is on."""
    matcher = Matcher(sensitive_lists())
    return [set(told(int(bits), matcher.names)) for bits in matcher.bits(pa.array(values, pa.string()))]


def test_every_group_of_article_28_is_a_category_and_general_ones_are_no_part_of_it():
    named = {word for word in OF_ARTICLE_28 for one in categories().values() if word in one.sensitive}
    assert named == OF_ARTICLE_28
    assert not article("basic")
    assert not article(None)


def test_every_kind_names_a_category_that_there_is():
    assert {kind.category for kind in KINDS} - {None} <= {*categories()}
    assert [str(kind) for kind in KINDS if article(kind.category)] == ["bank_card"]


@pytest.mark.parametrize("name", sensitive_lists())
def test_every_list_says_why_and_what_category_it_is_of(name):
    one = sensitive_lists()[name]
    assert one.source
    assert article(one.category)


@pytest.mark.parametrize(("wrong", "said"), [("category: basic", "no sensitive category"), ("terms: []", "name some")])
def test_a_list_that_is_wrong_is_told(wrong, said):
    text = "version: 1\nname: a\ntitle: a\nchinese: 甲\nsource: test\ndate: 2026-11-27\n"
    rest = wrong if "category" in wrong else f"category: health\n{wrong}"
    with pytest.raises(UsageError, match=said):
        read_document(SensitiveList, text + rest, "a.yaml")


def test_every_term_is_on_its_list():
    found = lists_of(*(term for _, term in TERMS))
    assert [(name, term) for (name, term), lists in zip(TERMS, found, strict=True) if name not in lists] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("感冒藥", {"medicine"}),
        ("ＣＯＮＤＯＭＳ ×10", {"adult"}),
        ("避 孕-套", {"adult"}),
        ("避\u200b孕套", {"adult"}),
        ("孕妇可用 保湿面霜", set()),
        ("孕妇装 可用", {"maternity"}),
        ("安溪铁观音 250g", set()),
        ("铁观音 观音像", {"religion"}),
        ("农药 杀虫", set()),
        ("药", {"medicine"}),
        ("怀山药", set()),
        ("insulinoma", set()),
        ("pet insulin pen", {"medicine"}),
        ("", set()),
        (None, set()),
    ],
)
def test_a_value_is_told_by_what_it_says_whatever_its_spelling(value, expected):
    assert lists_of(value) == [expected]


def test_what_stands_around_an_exception_does_not_become_a_term():
    only = Matcher({"a": Terms(terms=("甲乙",), **{"except": ("丙",)})})
    assert only.bits(pa.array(["甲丙乙", "甲乙丙"])).tolist() == [0, 1]


@examples(0.5)
@given(st.sampled_from(TERMS), st.text("中文 -ab1", max_size=4), st.text("中文 -1", max_size=4))
def test_no_text_around_a_term_hides_it(listed, before, behind):
    name, term = listed
    one = sensitive_lists()[name]
    apart = not before[-1:].isalnum() and not behind[:1].isalnum()
    if term not in one.terms and not (term in one.words and apart):
        return
    assert name in lists_of(f"{before}{term}{behind}")[0]


@examples(0.5)
@given(st.lists(st.sampled_from(["药品", "茶", "佛珠", None, "香炉 x"]), max_size=12), st.integers(0, 12))
def test_a_value_is_on_its_lists_in_every_batch_and_layout(values, cut):
    column = pa.array(values, pa.string())
    whole = Matcher(sensitive_lists()).bits(column).tolist()
    again = Matcher(sensitive_lists())
    assert [*again.bits(column[:cut]), *again.bits(column[cut:])] == whole
    assert again.bits(column.dictionary_encode()).tolist() == whole
    assert again.bits(column.cast(pa.large_string())).tolist() == whole
    assert again.bits(pa.array([1, 2])).tolist() == [0, 0]


def test_of_synthetic_titles_all_sensitive_ones_are_found_and_no_other():
    bought = goods(Chance(1), np.arange(20_000))
    shelf = dict(zip(bought.title.to_pylist(), bought.category.to_pylist(), strict=True))
    on_a_list = dict(zip(shelf, map(bool, lists_of(*shelf)), strict=True))
    is_sensitive = {title: category in SENSITIVE_CATEGORIES for title, category in shelf.items()}
    assert sum(is_sensitive.values()) > 100
    assert on_a_list == is_sensitive


def test_terms_are_stored_as_they_are_compared():
    """A term in another spelling would be found all the same, but nobody could look it up in the file."""
    written = [term for _, term in TERMS]
    assert [str(one) for one in normal_text(pa.array(written))] == written
