"""Lines end where they may, and none is wider than the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.language.wrapping import ends_of_lines, hanging, width, wrapped

TEXTS = st.text("文件是空的，。（）ab ", max_size=60)


def test_a_chinese_character_is_two_columns_wide():
    assert width("文件 a（b）") == 11


@given(TEXTS, st.integers(12, 40))
def test_no_line_is_wider_and_nothing_is_lost(text, columns):
    made = wrapped(text, columns, "  ")
    assert "".join(made.split()) == "".join(text.split())
    longest = max((width(one) for one in text.replace("（", " （").split()), default=0)
    assert all(width(line) <= max(columns, longest + 2) for line in made.splitlines())


@given(TEXTS, st.integers(12, 40))
def test_ends_lie_in_the_text_in_their_order(text, columns):
    ends = ends_of_lines(text, columns)
    assert ends == sorted(set(ends))
    assert all(0 < end < len(text) for end in ends)


def test_marks_stay_with_what_they_belong_to():
    assert wrapped("文件是空的，请去掉", 11) == "文件是空\n的，请去掉"
    assert wrapped("文件是空（的）请", 10) == "文件是空\n（的）请"


def test_paragraphs_and_kept_lines_stay():
    assert wrapped("a b\nc\n\n\b\nd\n  e", 20) == "a b c\n\nd\n  e"


def test_a_path_stays_on_one_line():
    assert wrapped("记录位于 订单/2026年/正文，请看", 12) == "记录位于\n订单/2026年/正文，\n请看"


def test_what_a_message_goes_on_with_stands_further_in():
    told = hanging("beam-deid: 2 problems\n  orders.csv: column '订单编号' is not known", 22, at_blanks=True)
    assert told == "beam-deid: 2 problems\n  orders.csv: column\n    '订单编号' is not\n    known"


@given(st.text("ab /订 \n", max_size=60), st.integers(12, 40), st.booleans())
def test_a_message_loses_nothing_and_a_short_line_is_as_it_was(text, columns, at_blanks):
    told = hanging(text, columns, at_blanks=at_blanks)
    assert "".join(told.split()) == "".join(text.split())
    if all(width(line) <= columns for line in text.split("\n")):
        assert told == text
