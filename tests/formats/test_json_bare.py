"""Bare values in quotes: what JSON's own reader makes of the lines is the same text for each value, and null stays null."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats.json_bare import Unplain, quoted

from ..kit.examples import examples

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', "\\", '\\"', "\\\\", "null", "1", "true", "{", "}", "a: 1,", "x" * 70]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3)
objects = st.dictionaries(texts, values, max_size=6)


def as_texts(line):
    """A line read with every number and boolean as the text that it is written as."""

    def named(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            return [named(one) for one in value]
        return {key: named(one) for key, one in value.items()} if isinstance(value, dict) else value

    return named(json.loads(line, parse_int=str, parse_float=str, parse_constant=str))


@given(st.lists(objects, min_size=1, max_size=6), st.booleans(), st.booleans(), st.sampled_from([1, 100, 1 << 19]))
@examples(4)
def test_every_bare_value_but_null_is_its_own_text(records, ascii_only, ended, piece):
    lines = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    block = "\n".join(lines).encode() + (b"\n" if ended else b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("beam_deid.transforms.formats.text_bits._PIECE", piece)
        text, count = quoted(block)
    assert count == len(records)
    assert [json.loads(line) for line in text.decode().removesuffix("\n").split("\n")] == [
        as_texts(one) for one in lines
    ]


def test_lines_whose_only_bare_values_are_null_stay_as_they_are():
    block = b'{"a":"x","b":null}\n{"a":null,"b":"1"}\n'
    assert quoted(block) == (block, 2)


@pytest.mark.parametrize("token", ["nul", "nulls", "True", "01", "1.", "--1", "1e", "Nan", "nan"])
@pytest.mark.parametrize("before", [0, 57, 63])
def test_a_token_that_is_no_value_is_seen_at_every_place_of_a_word(token, before):
    line = f'{{"{"k" * before}":1,"a":{token}}}\n'
    with pytest.raises(Unplain):
        quoted(line.encode())


def test_numbers_keep_every_digit():
    numbers = ["0.10000000000000000555", "12345678901234567890123", "1E+05", "-0.0"]
    text, _ = quoted("".join(f'{{"a":{number}}}\n' for number in numbers).encode())
    assert [json.loads(line)["a"] for line in text.splitlines()] == numbers
