"""Texts in one spelling."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.normal_text import normal_text

from ..kit.examples import examples

TEXTS = st.lists(
    st.one_of(st.none(), st.text(max_size=12), st.text("aAß１①臺台 \u3000\u200b\u0301é張", max_size=8)), max_size=8
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("臺灣訂單", "台湾订单"),
        ("ＡＢＣ", "abc"),
        ("①②", "12"),
        ("a\u200bb", "ab"),
        ("\u202eab\u202c", "ab"),
        ("a \t\u3000 b", "A b"),
        (" x ", "x"),
        ("Straße", "STRASSE"),
        ("e\u0301", "é"),
        ("\u1100\u1161", "가"),
        ("乾隆", "干隆"),
        ("癌症\ufeff", "癌症"),
        ("糖尿病（２型）", "糖尿病(2型)"),
        ("a\u00adb", "ab"),
    ],
)
def test_spellings_of_one_text_are_one(one: str, other: str) -> None:
    first, second = normal_text(pa.array([one, other])).to_pylist()
    assert first == second


@examples(0.4)
@given(TEXTS)
def test_each_value_is_changed_by_itself(texts: list[str | None]) -> None:
    column = pa.array(["Ａ ", *texts, " 臺"], pa.string())
    alone = [normal_text(pa.array([text], pa.string()))[0].as_py() for text in texts]
    assert normal_text(column).to_pylist() == ["a", *alone, "台"]
    assert normal_text(column.slice(1, len(texts))).to_pylist() == alone


@given(st.text(max_size=8))
def test_nfkc_does_not_change_the_spelling(text: str) -> None:
    seen = normal_text(
        pa.array([text, unicodedata.normalize("NFKC", text), unicodedata.normalize("NFD", text)])
    ).to_pylist()
    assert len(set(seen)) == 1


def test_any_layout_of_text_is_read() -> None:
    texts = pa.array(["Ａ", None, "b", "Ａ"])
    for column in (texts, texts.dictionary_encode(), texts.cast(pa.large_string()), pa.chunked_array([texts])):
        assert normal_text(column).equals(pa.array(["a", None, "b", "a"]))
    assert normal_text(pa.nulls(2)).equals(pa.nulls(2, pa.string()))
    assert normal_text(pa.array([], pa.string())).equals(pa.array([], pa.string()))
