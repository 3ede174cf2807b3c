"""The frontier of a search: the least loss for each k, and the records that are suppressed with it.

It is drawn into files, which are the same in all languages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.pipelines.report.charts.colours import Colours

_WIDTH = 560
_HEIGHT = 220
_FONTS = "Helvetica, Arial, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"


@dataclass(frozen=True)
class Point:
    """The levels with the least loss for one k.

    Attributes:
        k: Persons in the smallest group.
        loss: What they lose, by the search's objective.
        suppressed: The share of the records that are suppressed, from 0 to 1.
    """

    k: int
    loss: float
    suppressed: float


def frontier(points: Sequence[Point], required: int, objective: str, title: str, colours: Colours) -> dict[str, Any]:
    """A specification of two charts below each other, over the same k.

    Args:
        points: The frontier, by ascending k.
        required: The k that is required.
        objective: What the search minimized.
        title: What is written above.
        colours: What it is painted with.
    """
    rows = [{"k": one.k, "loss": one.loss, "suppressed": one.suppressed} for one in points]
    least = min(one.k for one in points)
    most = max(required, least + 1, *(one.k for one in points))
    ks = {"domain": [least, most], "nice": False}
    x = {"field": "k", "type": "quantitative", "scale": ks}
    named = f"required: {required} persons"
    axis = {"labelColor": colours.ink, "titleColor": colours.ink, "gridOpacity": 0.3, "titleFontWeight": "normal"}
    return {
        "title": {"text": title, "color": colours.ink, "anchor": "start"},
        "background": "white",
        "data": {"values": rows},
        "vconcat": [
            _panel(x, "loss", objective, "~g", colours.bar, required, named, colours),
            _panel(x, "suppressed", "records suppressed", ".1%", colours.lost, required, named, colours),
        ],
        "config": {"font": _FONTS, "axis": axis, "view": {"stroke": None}},
    }


def _panel(
    x: dict[str, Any], field: str, title: str, written: str, colour: str, required: int, named: str, colours: Colours
) -> dict[str, Any]:
    """One figure over k, with a line where k is required."""
    y = {"field": field, "type": "quantitative", "title": title, "axis": {"format": written}, "scale": {"zero": True}}
    across = {**x, "title": "k: persons in the smallest group"}
    line = {
        "type": "line",
        "interpolate": "step",
        "color": colour,
        "strokeWidth": 2,
        "point": {"color": colour, "size": 18},
    }
    at = {"x": {"datum": required}}
    words = {"type": "text", "align": "left", "dx": 4, "color": colours.ink, "text": named, "baseline": "top"}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "layer": [
            {"mark": line, "encoding": {"x": across, "y": y}},
            {"mark": {"type": "rule", "color": colours.ink, "strokeDash": [4, 3]}, "encoding": at},
            {"data": {"values": [{}]}, "mark": words, "encoding": {**at, "y": {"value": 0}}},
        ],
    }
