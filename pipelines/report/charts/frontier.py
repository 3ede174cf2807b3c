"""The frontier of a search: the least loss for each k, and the records that are suppressed with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.pipelines.report.charts.colours import Colours
from beam_deid.pipelines.report.charts.words import shown

_WIDTH = 560
_HEIGHT = 220


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
    ks = {"domain": [min(one.k for one in points), max(max(one.k for one in points), required)], "nice": False}
    x = {"field": "k", "type": "quantitative", "scale": ks}
    named = shown(f"Required: {required} persons")
    axis = {"labelColor": colours.ink, "titleColor": colours.ink, "gridOpacity": 0.3, "titleFontWeight": "normal"}
    return {
        "title": {"text": title, "color": colours.ink, "anchor": "start"},
        "background": "white",
        "data": {"values": rows},
        "vconcat": [
            _panel(x, "loss", objective, "~g", colours.bar, required, named, colours),
            _panel(x, "suppressed", shown("Records suppressed"), ".1%", colours.lost, required, named, colours),
        ],
        "config": {"axis": axis, "view": {"stroke": None}},
    }


def _panel(
    x: dict[str, Any], field: str, title: str, written: str, colour: str, required: int, named: str, colours: Colours
) -> dict[str, Any]:
    """One figure over k, with a line where k is required."""
    y = {"field": field, "type": "quantitative", "title": title, "axis": {"format": written}, "scale": {"zero": True}}
    across = {**x, "title": shown("Persons in the smallest group, k")}
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
