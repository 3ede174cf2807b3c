"""What is in one spelling already: told without a pattern, and never where a pattern would change anything."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.recognisers.identity import identity_text, respelt_by_rule
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.steady import steady

from ..kit.examples import examples

WRITTEN_WITH = (
    "0123456789",
    "0138-_ ",
    "abexABEX0189-_",
    "xX0-+",
    "一二三零〇两張转北方的019",
    "=\"'~$#*.@,()AQRSab01",
    "éßİſﬁ①０ａ\u200b\u0301かｶﾞ각",
    "nulaNULA无知空",
)
PIECES = (
    "13800138000",
    "86",
    "0086",
    "+86",
    "00860571",
    "null",
    "无",
    "a@b.com",
    "1e5",
    "xxx",
    "AAQ",
    "a1" * 35,
    "-",
    " ",
)

texts = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(WRITTEN_WITH).flatmap(lambda signs: st.text(signs, max_size=26)),
    st.lists(st.sampled_from([*PIECES, *"019abx_张"]), max_size=5).map("".join),
)


def by_rule(column: list[str | None], kind: Kind | None) -> list[str | None]:
    given = pa.array(column, pa.string()).fill_null("")
    found: list[str | None] = respelt_by_rule(given, kind).to_pylist()
    return found


@examples(4.0)
@given(st.lists(texts, max_size=20), st.sampled_from([None, *KINDS]))
def test_what_needs_no_rule_is_what_the_rules_make_of_it(column: list[str | None], kind: Kind | None) -> None:
    assert identity_text(pa.array(column, pa.string()), kind).to_pylist() == by_rule(column, kind)


@pytest.mark.parametrize("kind", [None, ORDER_NUMBER, LANDLINE])
@pytest.mark.parametrize(
    "text",
    [
        *("u1", "13800138000", "8613800138000", "086138001380001", "2359403584383794491", "00860571880000"),
        *(
            "AAcYVFuJiklB8rpPR_UvL3",
            "1HqvrmFXCFAXM3hflv6_nPF8Mm8VYHe5EVH5NXGHl",
            "0-138001380",
            "ab-1234567",
            "ab-12345c7",
        ),
        *("a-13800138000", "张13800138000", "张138001380001", "sf13800138000", "1e5", "1xxx5", "a" * 70, "1a" * 35),
        *("北方的豆豆89750", "一三八零零一三八零零零", "龍", "null", "Unknown", "无", "空空", "-", "--", "_"),
    ],
)
def test_examples(text: str, kind: Kind | None) -> None:
    columns: tuple[list[str | None], ...] = ([text], ["first", text, "last"], [text, "张三"], [None, text, ""])
    for column in columns:
        assert identity_text(pa.array(column, pa.string()), kind).to_pylist() == by_rule(column, kind)


def test_most_values_of_a_column_are_left_alone() -> None:
    there = pa.array(["2359403584383794491", "AAcYVFuJiklB8rpPR_UvL3", "tb368767765", "北方的豆豆89750", "18520146669"])
    assert steady(there, grouped=False).all()
    assert steady(there, grouped=True).tolist() == [True, False, True, True, True]


def test_a_column_in_which_nothing_changes_is_not_copied() -> None:
    column = pa.array(["2359403584383794491", "张三", "tb368767765"])
    assert identity_text(column, ORDER_NUMBER) is column


def test_texts_of_which_some_have_no_characters() -> None:
    assert not steady(pa.array(["", ""]), grouped=False).any()
    assert steady(pa.array(["a1", "", "12", ""]), grouped=False).tolist() == [True, False, True, False]
    assert not len(steady(pa.array([], pa.string()), grouped=False))


def test_a_slice_of_a_column_is_read_from_where_it_begins() -> None:
    column = pa.array(["a b", "ab", "138 ", "张三"])
    assert np.array_equal(steady(column.slice(1, 3), grouped=False), [True, False, True])
