"""What spreadsheets put around texts is taken off, and nothing else."""

import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.formulas import neutralized
from beam_deid.transforms.columns.text_escapes import EDGES, ESCAPES, Dress, unescaped

from ..kit.examples import examples

ALL = Dress(escapes=True, trim=True)
OFF = {
    '="0123"': "0123",
    "='a b'": "a b",
    '=T("x ""y""")': 'x "y"',
    "'0123": "0123",
    "'13800138000": "13800138000",
    "'-1.50": "-1.50",
    "'-42": "-42",
    "'+1 555 0100": "+1 555 0100",
    "'@home": "@home",
    "'=HYPERLINK(x)": "=HYPERLINK(x)",
    "'ABC-12": "ABC-12",
    "'2026-01-01 10:00:00": "2026-01-01 10:00:00",
    "'张三": "张三",
    "`1234": "1234",
    "\t4200002986\t": "4200002986",
    "Leeds ": "Leeds",
    " Leeds": "Leeds",
    "Leeds\u3000": "Leeds",
    "\xa0Leeds\xa0": "Leeds",
    "&nbsp;Leeds&nbsp; ": "Leeds",
    "\u200bLeeds\u200e": "Leeds",
    "\u202a13800138000\u202c": "13800138000",
    "\ufeffLeeds": "Leeds",
    '\'="0123"': "0123",
    ' ="0123"\t': "0123",
    "   ": "",
}
STAYS = [
    "",
    "Leeds",
    "Stratford upon Avon",
    "a\u200bb",
    "'s-Hertogenbosch",
    "'t Hooft",
    "'Abd al-Rahman",
    "'quoted'",
    "'90s kids",
    "it's",
    "=1+1",
    '="open',
    "`code`",
    "R&nbsp;D",
    "'",
]
TEXTS = st.text(st.sampled_from("='\"`T()0a-+ \t\u200b\u3000张&nbsp;"), max_size=24)


@pytest.mark.parametrize("text", OFF)
def test_an_escape_is_taken_off(text):
    assert unescaped(pa.array([text, "x", None]), ALL).to_pylist() == [OFF[text], "x", None]


def test_all_escapes_are_told_apart_in_one_column():
    column = pa.array([*OFF, *STAYS, None])
    assert unescaped(column, ALL).to_pylist() == [*OFF.values(), *STAYS, None]
    assert unescaped(column.slice(3).dictionary_encode(), ALL).to_pylist() == [*OFF.values(), *STAYS, None][3:]


def test_a_column_without_any_is_the_very_column():
    column = pa.array([*STAYS, None])
    assert unescaped(column, ALL).to_pylist() == column.to_pylist()
    plain = pa.array(["Leeds", None, "张三"])
    assert unescaped(plain, ALL) is plain


def test_in_a_column_of_identifiers_an_apostrophe_before_a_letter_is_an_escape():
    texts = pa.array(["'Leeds", "'ab cd", "'quoted'"])
    assert unescaped(texts, ALL).to_pylist() == texts.to_pylist()
    assert unescaped(texts, Dress(True, True, identifiers=True)).to_pylist() == ["Leeds", "ab cd", "'quoted'"]


def test_white_space_and_escapes_are_switched_off_by_themselves():
    texts = pa.array([" a ", '="1"', "\t2"])
    assert unescaped(texts, Dress(trim=True)).to_pylist() == ["a", '="1"', "\t2"]
    assert unescaped(texts, Dress(escapes=True)).to_pylist() == [" a ", "1", "2"]
    assert unescaped(texts, Dress()) is texts


@examples(5)
@given(st.lists(st.one_of(st.none(), TEXTS), max_size=30), st.booleans(), st.booleans())
def test_what_is_unescaped_once_more_stays(values, trim, identifiers):
    dress = Dress(True, trim, identifiers)
    once = unescaped(pa.array(values, pa.string()), dress)
    assert unescaped(once, dress).to_pylist() == once.to_pylist()


@examples(5)
@given(st.lists(st.one_of(st.none(), TEXTS), max_size=30))
def test_a_value_does_not_depend_on_its_neighbours(values):
    alone = [unescaped(pa.array([value], pa.string()), ALL)[0].as_py() for value in values]
    assert unescaped(pa.array(values, pa.string()), ALL).to_pylist() == alone


def test_every_row_of_the_table_does_something():
    for edge in EDGES:
        for sample in edge.samples:
            assert unescaped(pa.array([f"{sample}x{sample}"]), ALL).to_pylist() == ["x"]
    assert len({one.what for one in ESCAPES}) == len(ESCAPES)
    assert pickle.loads(pickle.dumps(ALL)) == ALL


@pytest.mark.parametrize("value", ["'s-Hertogenbosch", "＝x", "'a'", "＠home", "-x", "=1+1"])
def test_text_that_was_made_harmless_is_read_as_it_was(value):
    """A release as CSV gained an apostrophe whenever it was read and written again, and joined with nothing."""
    written = neutralized(pa.array([value]))
    assert written.to_pylist() == [f"'{value}"]
    assert unescaped(written, Dress(escapes=True, trim=True)).to_pylist() == [value]
