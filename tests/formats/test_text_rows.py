"""Rows of delimited text as columns: they are those that reading by steps finds, with the values that Python's csv reads."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats.encoding import Encoding
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.text_dialect import Dialect
from beam_deid.transforms.formats.text_layout import TextLayout
from beam_deid.transforms.formats.text_rows import Reading
from beam_deid.transforms.terms import Reason

from ..kit.examples import examples
from .text_by_steps import rows_by_steps

COMMA, QUOTE = b',"'
NAMES = ("a", "b", "c")

plain = st.sampled_from(["a", '"a"', '"a,b"', '""', '"a""b"', "", "张伟", '"重庆"', "0012", "1e5"])
odd = st.sampled_from(['"a\nb"', 'a"b', '"a"b', '"a', 'a"'])


def lines(values):
    sound = st.lists(values, min_size=3, max_size=3)
    return st.lists(sound | sound | sound | st.lists(values, min_size=1, max_size=5), max_size=12)


def read_all(path, data):
    """``({row: values}, rows that are malformed)`` of all pieces."""
    path.write_bytes(data)
    layout = TextLayout(Encoding("utf-8"), Dialect(COMMA, QUOTE), None, False, NAMES, len(NAMES), 0)
    records, malformed = {}, []
    for piece in Reading(Shard(str(path), "csv", len(data)), layout, NAMES).pieces():
        values = zip(*(column.to_pylist() for column in piece.batch.columns), strict=True)
        records.update(zip(piece.rows.tolist(), values, strict=True))
        for fault in piece.faults:
            assert fault.reason is Reason.MALFORMED_ROW
            malformed += fault.rows.tolist()
    return records, malformed


def by_csv(line):
    (row,) = (
        csv.reader([line.decode()], strict=True)
        if b"\n" not in line
        else [next(csv.reader(line.decode().splitlines(True)))]
    )
    return tuple(row)


@given(
    lines(plain) | lines(plain | odd), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from([8, 40, 1 << 20])
)
@examples(8)
def test_rows_are_those_that_reading_by_steps_finds(tmp_path_factory, rows, end, ended, block):
    data = (end.join(map(",".join, rows)) + (end if ended else "")).encode()
    found = rows_by_steps(data, COMMA, QUOTE, len(NAMES), backslash=False)
    sound = {
        number: by_csv(data[start:stop])
        for number, (start, stop, values, broken) in enumerate(found)
        if values == len(NAMES) and not broken
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("beam_deid.transforms.formats.text_blocks._BLOCK", block)
        records, malformed = read_all(tmp_path_factory.mktemp("rows") / "in.csv", data)
    assert {number: tuple(value or "" for value in values) for number, values in records.items()} == sound
    assert malformed == [number for number in range(len(found)) if number not in sound]
