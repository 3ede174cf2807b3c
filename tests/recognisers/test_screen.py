"""The first look at texts: full-width characters read as ASCII, signs counted."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.recognisers.screen import WIDE, Screen, Sign, narrowed

MOST = 255
"""Bytes of a text in which signs are counted; in a longer one everything is looked for."""
TEXTS = st.lists(st.one_of(st.none(), st.text(), st.text("１２９＠＊－．，、中ａ1*")), max_size=20)


@given(TEXTS)
def test_full_width_characters_are_read_as_ascii_and_nothing_else_changes(texts: list[str | None]) -> None:
    column = pa.array(["first", *texts, "last"], pa.string())
    assert narrowed(column).to_pylist() == ["first", *(text and text.translate(WIDE) for text in texts), "last"]
    assert narrowed(column.slice(1, len(texts))).to_pylist() == [text and text.translate(WIDE) for text in texts]


def assert_signs_are_counted(texts: list[str | None]) -> None:
    screen = Screen.of(pa.array(texts, pa.string()))
    for text, counts in zip(texts, screen.counts.tolist(), strict=True):
        if text is None:
            continue
        narrow = text.translate(WIDE)
        if len(narrow.encode()) > MOST:
            assert counts == [MOST] * len(Sign)
            continue
        assert counts[Sign.DIGIT] == sum(character in "0123456789" for character in narrow)
        assert counts[Sign.STAR] == narrow.count("*")
        assert counts[Sign.HIGH] == sum(len(character.encode()) for character in narrow if not character.isascii())


@given(TEXTS)
def test_signs_are_counted_in_each_text(texts: list[str | None]) -> None:
    assert_signs_are_counted(texts)


@pytest.mark.parametrize("text", ["0" * MOST, "0" * (MOST + 1), "中" * 85, "中" * 86, "１" * MOST, "１" * (MOST + 1)])
def test_signs_are_counted_up_to_the_longest_text_in_which_they_are(text: str) -> None:
    assert_signs_are_counted([text, "1"])


def test_in_a_long_text_everything_is_looked_for() -> None:
    screen = Screen.of(pa.array(["x" * 300, "", "1"]))
    assert screen.having({Sign.DIGIT: 11, Sign.STAR: 200}).tolist() == [0]
    assert screen.having({}).tolist() == [0, 1, 2]
    assert screen.of_rows(np.array([0, 2])).having({Sign.DIGIT: 1}).tolist() == [0, 1]
