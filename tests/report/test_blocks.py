"""Every kind of block as HTML, with texts that would like to be more than text."""

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.language.words import spoken
from beam_deid.pipelines.report import blocks
from beam_deid.pipelines.report.blocks import (
    Bullets,
    Callout,
    Check,
    Checks,
    Document,
    Facts,
    Figure,
    Fill,
    Grid,
    Link,
    Mark,
    Paragraph,
    Part,
    Section,
    Tone,
    Verbatim,
)
from beam_deid.pipelines.report.html.markup import visible
from beam_deid.pipelines.report.html.rendering import rendered

from .parsed import Parsed

HOSTILE = "<script>alert(1)</script> \" ' & </style> {{ 1 }} {% x %} \u202eabc\u200f <img src=x onerror=y> &lt;"
SEEN = HOSTILE.replace("\u202e", "\\u202e").replace("\u200f", "\\u200f")


class Chart:
    """A chart that tells in which language it was drawn."""

    def svg(self):
        return f"<svg viewBox='0 0 1 1'><title>drawn in {spoken()}</title></svg>"


def of_every_kind(text):
    """Blocks of every kind, with a text wherever one can stand."""
    mark = Mark(text, Tone.BAD)
    return {
        Paragraph: Paragraph(text),
        Bullets: Bullets([text, Verbatim(text)]),
        Facts: Facts([(text, Verbatim(text))]),
        Grid: Grid((text, text), [(text, Verbatim(text)), (Link(text, text), mark)], text, numbers=(1,)),
        Figure: Figure(Chart(), text, text),
        Callout: Callout(Tone.NOTE, text, text),
        Fill: Fill(text),
        Checks: Checks([Check(False, text, text, text, text, text), Check(True, text, text, text, text)]),
        Part: Part(text, [Paragraph(text), Part(text, [Paragraph(text)], text, mark, folded=True)], text, mark),
    }


def page(*shown, title="A title", languages=("zh", "en"), names=()):
    return rendered(Document(title, [Section("one", title, shown)]), languages, names)


def test_every_kind_of_block_is_tried():
    assert set(of_every_kind("")) == set(typing.get_args(blocks.Block))


@pytest.mark.parametrize("kind", typing.get_args(blocks.Block), ids=lambda kind: kind.__name__)
def test_a_hostile_text_stays_a_text(kind):
    harmless = Parsed(page(of_every_kind("harmless")[kind]))
    hostile = Parsed(page(of_every_kind(HOSTILE)[kind]))
    assert [tag for tag, _ in hostile.elements if tag != "bdi"] == [tag for tag, _ in harmless.elements]
    assert SEEN in hostile.text()
    assert "\u202e" not in hostile.text()
    assert not [name for _, attributes in hostile.elements for name in attributes if name.startswith("on")]


def test_a_hostile_title_stays_a_text():
    parsed = Parsed(page(title=HOSTILE))
    assert {tag for tag, _ in parsed.elements} == {tag for tag, _ in Parsed(page()).elements}
    assert [text for text, tags, _ in parsed.texts if tags[-1] == "title"] == [SEEN]


def test_a_hostile_name_stays_a_text():
    parsed = Parsed(page(Paragraph(f"drop {HOSTILE}, b_c, or release fewer of them"), names=[HOSTILE, "b_c"]))
    assert SEEN in parsed.text()
    assert "script" not in {tag for tag, _ in parsed.elements}


@given(st.text())
def test_any_text_is_read_back_as_it_is_seen(text):
    parsed = Parsed(page(Paragraph(Verbatim(text)), languages=("en",)))
    found = "".join(one for one, tags, _ in parsed.texts if "section" in tags and "h2" not in tags)
    assert found.split() == visible(text).split()


@given(st.text())
def test_what_is_seen_of_a_text_has_no_character_that_is_not(text):
    assert all(one.isprintable() or one.isspace() for one in visible(text))


def test_a_link_leads_where_it_says():
    parsed = Parsed(page(Grid(("Release",), [(Link("名字", "%E5%90%8D/report.html"),)])))
    assert "%E5%90%8D/report.html" in parsed.all("href")


def test_a_chart_is_drawn_in_each_language():
    parsed = Parsed(page(Figure(Chart(), "It shows something.", "In words.")))
    drawn = {text: languages for text, tags, languages in parsed.texts if tags[-1] == "title" and "svg" in tags}
    assert {text: languages[-1] for text, languages in drawn.items()} == {"drawn in zh": "zh-CN", "drawn in en": "en"}


def test_a_text_stands_once_for_each_language_and_once_where_it_is_the_same():
    parsed = Parsed(page(Paragraph("holds"), Paragraph(Verbatim("5,895"))))
    told = [
        (text, languages[-1]) for text, tags, languages in parsed.texts if tags[-1] in ("span", "p") and "main" in tags
    ]
    assert told == [("成立", "zh-CN"), ("holds", "en"), ("5,895", "zh-CN")]


def test_one_language_needs_no_switch():
    parsed = Parsed(page(Paragraph("holds"), languages=("zh",)))
    assert parsed.all("lang") == ["zh-CN"]
    assert not [tag for tag, _ in parsed.elements if tag == "input"]


def test_names_that_are_no_words_and_names_in_a_list_are_set_as_code():
    told = "drop buyer_id, created, or release fewer of them; created is kept"
    parsed = Parsed(page(Paragraph(told), names=["buyer_id", "created"], languages=("en",)))
    assert [text for text, tags, _ in parsed.texts if tags[-1] == "code"] == ["buyer_id", "created"]


def test_days_are_not_broken_over_lines():
    parsed = Parsed(page(Paragraph("It was measured on 2026-11-27, and not on 12026-11-27."), languages=("en",)))
    assert [text for text, tags, _ in parsed.texts if tags[-1] == "time"] == ["2026-11-27"]


def test_headings_of_rows_and_columns_say_so():
    parsed = Parsed(page(Grid(("a", "b"), [("c", "d")]), Checks([Check(True, "a", "b", "c", "d")])))
    scopes = [attributes.get("scope") for tag, attributes in parsed.elements if tag == "th"]
    assert scopes == ["col", "col", "row", "col", "col", "col", "col", "row"]


def test_what_is_folded_is_closed_and_else_open_or_not_foldable():
    parts = [Part("a", [Paragraph("b")], folded=folded) for folded in (True, False, None)]
    details = [attributes for tag, attributes in Parsed(page(*parts)).elements if tag == "details"]
    assert ["open" in one for one in details] == [False, True]
