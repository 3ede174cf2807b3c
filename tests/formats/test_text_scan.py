import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats.text_dialect import Dialect
from beam_deid.transforms.formats.text_plain import plain_stops
from beam_deid.transforms.formats.text_scan import Scan

from ..kit.examples import examples
from .text_by_steps import rows_by_steps

COMMA = ord(",")
QUOTE = ord('"')

values = st.sampled_from(
    [b"a", b'"a"', b'"a,b"', b'"a\nb"', b'""', b'"a""b"', b"", b'a"b', b'"\\""', b'"a', b'a"', b'"a"b', b"\\"]
)
lines = st.lists(values, min_size=1, max_size=6).map(b",".join)
texts = st.one_of(
    st.lists(lines, max_size=12).map(b"\n".join),
    st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\\"]), max_size=60).map(b"".join),
)


def found(scan, before=0):
    rows = scan.rows
    return list(
        zip(
            (rows.starts + before).tolist(),
            (rows.stops + before).tolist(),
            scan.counts.tolist(),
            rows.broken.tolist(),
            strict=True,
        )
    )


@given(texts, st.integers(0, 6), st.booleans(), st.integers(0, 60))
@examples(8)
@pytest.mark.parametrize("few", [1, 256])
def test_the_scan_finds_what_reading_by_steps_finds(few, data, width, backslash, cut):
    dialect = Dialect(COMMA, QUOTE, backslash)
    wanted = rows_by_steps(data, COMMA, QUOTE, width, backslash)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("beam_deid.transforms.formats.text_quotes._FEW", few)
        patched.setattr("beam_deid.transforms.formats.text_bits._PIECE", few)
        assert found(Scan(data, dialect, width, final=True)) == wanted
        first = Scan(data[:cut], dialect, width, final=False)
        end = first.rows.end
        assert found(first) + found(Scan(data[end:], dialect, width, final=True), end) == wanted


plain = st.sampled_from(
    [b"a", b'"a"', b'"a,b"', b'""', b'"a""b"', b'""""', b'"""a"', b'","', b"", b"\xe5\xbc\xa0" * 9, b"b" * 61]
)
plain_texts = st.lists(st.lists(plain, min_size=1, max_size=40).map(b",".join), max_size=12)


@given(plain_texts, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans(), st.sampled_from([1, 64, 100, 1 << 19]))
@examples(4)
def test_plain_rows_are_found_wherever_words_and_pieces_of_the_text_end(rows, end, ended, piece):
    data = end.join(rows) + (end if ended else b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("beam_deid.transforms.formats.text_bits._PIECE", piece)
        assert plain_stops(data, len(data), Dialect(COMMA), 0) is not None
        assert found(Scan(data, Dialect(COMMA), 0, final=True)) == rows_by_steps(data, COMMA, QUOTE, 0, backslash=False)


@pytest.mark.parametrize("wrong", [b'x"', b'"x', b'"x"y', b'"a\nb,,,,"', b'x"y"', b'""x', b'"x" '])
@pytest.mark.parametrize("before", range(0, 140, 3))
def test_a_quote_that_is_not_plain_is_seen_at_every_place_of_a_word(wrong, before):
    data = b"a" * before + b',"b",' + wrong + b',"c"\n'
    assert plain_stops(data, len(data), Dialect(COMMA), 6) is None


@pytest.mark.parametrize("before", range(0, 140, 3))
def test_a_line_end_in_quotes_is_plain_where_no_line_is_like_a_row(before):
    data = b"a" * before + b',"b","x\ny\r\n,",c\nd,e,f,g\n'
    assert plain_stops(data, len(data), Dialect(COMMA), 4) is not None
    assert found(Scan(data, Dialect(COMMA), 4, final=True)) == rows_by_steps(data, COMMA, QUOTE, 4, backslash=False)


@given(texts)
@examples(2)
def test_without_a_quote_all_characters_are_like_others(data):
    scan = Scan(data, Dialect(COMMA, None), 3, final=True)
    assert found(scan) == rows_by_steps(data, COMMA, -1, 3, backslash=False)


def test_selected_rows_take_what_backslashes_take():
    data = b'a,"b\\"c\\\\"\n1,\\2\n"\\\\","x\\n"\n'
    scan = Scan(data, Dialect(COMMA, QUOTE, backslash=True), 2, final=True)
    assert scan.selected(np.array([True, True, True])) == b'a,"b""c\\"\n1,\\2\n"\\","x\\n"\n'
    assert scan.selected(np.array([True, False, True])) == b'a,"b""c\\"\n"\\","x\\n"\n'
    assert scan.values(0) == [b"a", b'b"c\\']
    assert scan.values(1) == [b"1", b"\\2"]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_many_lone_quotes_take_their_own_rows_alone(at):
    rows = [b'1,"x,3,4' if number % 3 == 0 else b"1,2,3,4" for number in range(at, at + 600)]
    scan = Scan(b"\n".join(rows) + b"\n", Dialect(COMMA), 4, final=True)
    assert scan.rows.broken.tolist() == [number % 3 == 0 for number in range(at, at + 600)]
