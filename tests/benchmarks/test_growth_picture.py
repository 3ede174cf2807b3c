from xml.etree import ElementTree

import pytest

from .growth_picture import Panel, short, ticks, write_picture

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("most", [0.03, 1, 7.2, 99, 1234, 4e6])
def test_axes_reach_the_greatest_value_in_few_round_steps(most):
    made = ticks(most)
    assert made[0] == 0
    assert made[-2] < most <= made[-1]
    assert 3 <= len(made) <= 6


def test_numbers_at_an_axis_are_short():
    assert [short(number) for number in (0, 0.5, 250_000, 4e6)] == ["0", "0.5", "250 k", "4 M"]


def test_points_stand_where_they_were_measured(tmp_path):
    panel = Panel("seconds", "rows <all>", {"wall": [(0, 0), (4, 8)], "processors": [(4, 4)]})
    write_picture(tmp_path / "growth.svg", [[panel, panel], [panel]])
    drawn = ElementTree.parse(tmp_path / "growth.svg").getroot()
    first, *others = drawn.findall(f"{SVG}g")
    assert len(others) == 2
    places = [(float(one.get("cx")), float(one.get("cy"))) for one in first.findall(f"{SVG}circle")]
    assert places == [(0, 112), (214, 0), (214, 56)]
    assert "rows <all>" in [text.text for text in first.findall(f"{SVG}text")]
