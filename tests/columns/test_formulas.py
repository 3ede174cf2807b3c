import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.formulas import neutralized, restored

from ..kit.examples import examples

TEXTS = st.one_of(st.none(), st.text(alphabet="'=+-@＝＋－＠\t\r\n1a.😀", max_size=5))


def of(function, *values):
    return function(pa.array(values, pa.string())).to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+8613800138000",
        "-x",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠a",
        "-",
        "-1-1",
        "-1e5",
    ],
)
def test_what_a_spreadsheet_would_work_out_gets_an_apostrophe(text):
    assert of(neutralized, text, "Leeds", None) == [f"'{text}", "Leeds", None]


@pytest.mark.parametrize("text", ["-42", "-1.50", "Leeds", "", "1=2", " =1", "a@b.example"])
def test_numbers_below_zero_and_all_other_text_stay(text):
    assert of(neutralized, text, "=1") == [text, "'=1"]


def test_a_text_that_begins_with_an_apostrophe_is_known_from_one_that_was_given_it():
    assert of(neutralized, "'=1", "'tis", "'") == ["''=1", "''tis", "''"]
    assert of(restored, "''=1", "''tis", "''", "'tis", "'='", "'") == ["'=1", "'tis", "'", "'tis", "='", "'"]


@given(st.lists(TEXTS, max_size=20))
@examples(10)
def test_every_text_comes_back(values):
    assert of(restored, *of(neutralized, *values)) == values


@given(st.lists(TEXTS, max_size=20))
@examples(5)
def test_nothing_that_is_left_begins_like_a_formula_but_numbers(values):
    for text in of(neutralized, *values):
        assert text is None or text[:1] not in tuple("=+@＝＋－＠\t\r\n")
        assert text is None or not text.startswith("-") or float(text) <= 0
