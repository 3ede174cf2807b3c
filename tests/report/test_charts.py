"""Charts: legible in any language on any page, the same bytes on any machine, and nothing in them but figures and names."""

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.charts.attribute_sets import AttributeSet, AttributeSetsChart
from beam_deid.pipelines.report.charts.colours import PAGE, PAPER
from beam_deid.pipelines.report.charts.groups import GroupsChart, Sizes, _rows
from beam_deid.pipelines.report.charts.shares import scale_of
from beam_deid.pipelines.report.charts.texts import lines_of, width_of
from beam_deid.pipelines.report.visible import visible

from ..kit.examples import examples
from .charts import CHARTS, HOSTILE, NAMES, charts_of, parsed

LANGUAGES = ("en", "zh")
SIZE = 13

each_chart = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)


@each_chart
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_is_one_picture_that_says_what_it_shows(chart, language):
    with spoken_in(language):
        drawing = parsed(chart.svg())
    assert drawing.tag == "svg"
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == drawing.find("title").text
    assert drawing.find("desc").text
    assert [
        one.tag for one in drawing.iter() if one.tag not in {"svg", "title", "desc", "g", "path", "line", "text"}
    ] == []


@each_chart
def test_nothing_in_a_chart_can_clash_with_another_or_ask_for_anything(chart):
    svg = chart.svg()
    assert not re.search(r'\b(id|class|href|src|on\w+)="(?!drawing")', svg)
    assert "url(" not in svg
    assert "http" not in svg
    assert "<script" not in svg


@each_chart
def test_colours_are_those_of_the_page(chart):
    known = {"none", PAGE.ink, PAGE.bar, PAGE.lost, PAGE.mark}
    painted = {one.get(name) for one in parsed(chart.svg()).iter() for name in ("fill", "stroke")} - {None}
    assert painted <= known


@each_chart
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stay_words_and_neither_overlap_nor_are_cut(chart, language):
    with spoken_in(language):
        drawing = parsed(chart.svg())
    width = float(drawing.get("viewBox").split()[2])
    boxes = sorted(box for one in drawing.iter("text") if (box := box_of(one)) is not None)
    assert boxes
    for row, left, right in boxes:
        assert left >= -16, "cut on the left"
        assert right <= width - 16, "cut on the right"
        others = [(begin, end) for other, begin, end in boxes if other == row and (begin, end) != (left, right)]
        assert all(end <= left or begin >= right for begin, end in others), "two texts in one place"


def box_of(text):
    """Row, left and right of a text, by its estimated width; None for the figures of an axis."""
    if text.get("text-anchor") == "middle":
        return None
    x, y = map(float, re.fullmatch(r"translate\(([-\d.]+),([-\d.]+)\)", text.get("transform")).groups())
    wide = width_of(text.text, SIZE)
    return (y, x - wide, x) if text.get("text-anchor") == "end" else (y, x, x + wide)


def test_names_are_escaped():
    svg = CHARTS["sets with hostile names"].svg()
    assert "&lt;script&gt;" in svg
    assert visible(HOSTILE).replace(" ", "") in "".join(one.text for one in parsed(svg).iter("text")).replace(" ", "")


def test_no_character_of_a_name_ends_the_process_or_stays_invisible():
    """In another process, for the engine would take this one along."""
    code = (
        "import sys; sys.stdout.reconfigure(encoding='utf-8')\n"
        "from tests.report.charts import UNSEEN, charts_of\n"
        "for chart in charts_of(UNSEEN): print(chart.svg())"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    drawn = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    assert drawn.returncode == 0, drawn.stderr[-500:]
    svgs = drawn.stdout.decode().splitlines()
    assert len(svgs) == len(list(charts_of("x")))
    for svg in svgs:
        assert svg.isprintable()
        assert "\\u202e" in "".join(one.text for one in parsed(svg).iter("text"))


def test_the_same_bytes_come_without_any_font_and_in_another_process(tmp_path):
    empty = tmp_path / "fonts.conf"
    empty.write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
    code = (
        "import sys; sys.stdout.reconfigure(encoding='utf-8')\n"
        "from tests.report.charts import CHARTS\n"
        "print(''.join(chart.svg() for chart in CHARTS.values()), end='')"
    )
    environment = {**os.environ, "FONTCONFIG_FILE": str(empty), "HOME": str(tmp_path)}
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    again = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=True)
    assert again.stdout.decode() == "".join(chart.svg() for chart in CHARTS.values())


def test_a_chart_takes_little_room_on_a_page():
    sizes = {name: len(chart.svg().encode()) for name, chart in CHARTS.items()}
    assert max(sizes.values()) < 16_000, sizes


@pytest.mark.parametrize("paper", ["#ffffff", "#161615"])
def test_colours_stand_out_on_light_and_on_dark_paper(paper):
    for colours in (PAGE, PAPER):
        for colour in (colours.bar, colours.lost, colours.mark):
            assert contrast(re.search(r"#[0-9a-f]{6}", colour)[0], paper) >= 3


def contrast(one, other):
    """After WCAG 2.1, 1.4.11."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


sizes = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 100), st.integers(1, 1_000)), min_size=1, max_size=60)


@given(sizes, st.integers(1, 200))
def test_few_rows_hold_all_groups_and_the_limit_is_between_two(found, k):
    by_size = {size: Sizes(size, size, groups, records) for size, groups, records in found}
    given_sizes = [by_size[size] for size in sorted(by_size)]
    rows = list(_rows(given_sizes, k))
    assert len(rows) <= 15
    for name in ("groups", "records"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(one, name) for one in given_sizes)
    assert all(row.most < k or row.least >= k for row in rows)
    assert [row.least for row in rows] == sorted(row.least for row in rows)


@given(st.text(st.sampled_from("ab_ -中文字．"), max_size=80), st.integers(30, 400))
def test_lines_hold_every_letter_and_are_no_wider_than_asked(text, width):
    lines = lines_of(text, SIZE, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line, SIZE) <= width for line in lines)


def test_a_line_ends_between_words_before_it_ends_within_a_name():
    assert lines_of("one_name + another_name", SIZE, 130) == ["one_name +", "another_name"]


@examples(0.2)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=4))
def test_every_set_has_a_bar(persons):
    sets = [AttributeSet(NAMES[: place + 1], one, one / 10**6) for place, one in enumerate(persons)]
    drawing = parsed(AttributeSetsChart(sets).svg())
    assert len([one for one in drawing.iter("path") if one.get("fill") == PAGE.lost]) == len(sets)


def test_groups_below_the_limit_are_in_another_colour_and_before_its_line():
    drawing = parsed(GroupsChart([Sizes(1, 1, 2, 2), Sizes(5, 5, 1, 5)], 5).svg())
    assert [one.get("fill") for one in drawing.iter("path") if one.get("fill")] == [PAGE.lost, PAGE.bar]
    texts = [one.text for one in drawing.iter("text")]
    assert {"Limit: 5 persons", "Groups of 1 person", "2 groups, 28.6%"} <= set(texts)


def test_where_records_are_not_told_bars_are_shares_of_the_groups():
    drawing = parsed(GroupsChart([Sizes(1, 1, 1, None), Sizes(5, 9, 3, None)], 5).svg())
    assert {"1 groups, 25%", "3 groups, 75%"} <= {one.text for one in drawing.iter("text")}


def test_small_shares_do_not_become_nothing():
    assert share(0.0000123) == "0.00123%"
    assert (share(0), share(1), share(0.291)) == ("0%", "100%", "29.1%")


def test_scales_end_at_round_shares():
    assert [scale_of([share]) for share in (0, 0.05, 0.06, 0.3, 1)] == [0.05, 0.05, 0.1, 0.5, 1.0]
    assert scale_of([]) == 0.05
