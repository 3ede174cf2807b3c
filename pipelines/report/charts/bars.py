"""Bars below each other, each under its own words: legible on a telephone, whatever columns are called and in any language."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from beam_deid.pipelines.report.charts.colours import PAGE, Colours
from beam_deid.pipelines.report.charts.drawing import drawn, specification
from beam_deid.pipelines.report.charts.texts import lines_of, width_of
from beam_deid.pipelines.report.visible import visible

WIDTH = 420
_MARGIN = 16
"""At both sides, so that the axis' outer figures are not cut."""
_SIZE = 13
_LINE = 18
_BAR = 14
_GAP = 12
_AXIS = 26


class Unit(Enum):
    """What bars count; its value is how Vega writes it on an axis, where there is one."""

    SHARE = ".0%"
    NUMBER = ""


class Tone(Enum):
    """What a bar is about."""

    COUNTED = "counted"
    LOST = "lost"


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        words: What it is about, in the language that is spoken.
        figure: What it comes to, as it is written beside the words.
        end: Where it ends, on the chart's scale.
        start: Where it begins.
        mark: Where another figure is marked on the same scale; None where there is none.
        tone: What it is about.
    """

    words: str
    figure: str
    end: float
    start: float = 0.0
    mark: float | None = None
    tone: Tone = Tone.COUNTED


@dataclass(frozen=True)
class Limit:
    """A line between two bars.

    Attributes:
        before: The place of the bar that it stands before.
        words: What it is, in the language that is spoken.
    """

    before: int
    words: str


@dataclass(frozen=True)
class BarChart:
    """Bars over one scale from 0.

    Attributes:
        title: What the chart is called.
        told: What it shows, in words.
        bars: The bars, from above.
        most: Where the scale ends.
        unit: What it counts.
        limit: A line between two bars; None where there is none.
    """

    title: str
    told: str
    bars: Sequence[Bar]
    most: float
    unit: Unit = Unit.SHARE
    limit: Limit | None = None

    def svg(self) -> str:
        """Draw it."""
        return drawn(_specification(self, PAGE), self.title, self.told)


def _specification(chart: BarChart, colours: Colours) -> dict[str, Any]:
    inner = WIDTH - 2 * _MARGIN
    bars: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    y = 0
    for place, bar in enumerate(chart.bars):
        if chart.limit is not None and chart.limit.before == place:
            rules.append({"y": y + _LINE / 2, "words": chart.limit.words, "x": inner})
            rules[-1]["begins"] = width_of(chart.limit.words, _SIZE) + 6
            y += _LINE + _GAP // 2
        for line in _lines(bar, inner):
            if line:
                texts.append({"x": 0, "y": y + _LINE / 2, "text": line, "align": "left"})
            y += _LINE
        texts.append({"x": inner, "y": y - _LINE / 2, "text": bar.figure, "align": "right"})
        colour = colours.lost if bar.tone is Tone.LOST else colours.bar
        bars.append({"start": bar.start, "end": bar.end, "top": y, "bottom": y + _BAR, "colour": colour})
        if bar.mark is not None:
            marks.append({"at": bar.mark, "top": y - 2, "bottom": y + _BAR + 2})
        y += _BAR + _GAP
    layers = [_bars(bars, chart), *_texts(texts), *_marks(marks, colours), *_rules(rules, colours)]
    made = specification(inner, y, colours, layers)
    return {
        **made,
        "padding": {"left": _MARGIN, "right": _MARGIN, "top": 4, "bottom": _AXIS if chart.unit.value else 4},
    }


def _lines(bar: Bar, width: int) -> list[str]:
    """The lines of a bar's words, of which the last leaves room for the figure."""
    lines = lines_of(visible(bar.words), _SIZE, width) or [""]
    free = width - width_of(lines[-1], _SIZE) - _GAP
    return lines if width_of(bar.figure, _SIZE) <= free else [*lines, ""]


def _bars(rows: list[dict[str, Any]], chart: BarChart) -> dict[str, Any]:
    shown = {"format": chart.unit.value, "tickCount": 5, "grid": True, "orient": "bottom"}
    axis = shown if chart.unit.value else None
    scale = {"domain": [0, chart.most], "nice": False}
    return {
        "data": {"values": rows},
        "mark": "rect",
        "encoding": {
            "x": {"field": "start", "type": "quantitative", "scale": scale, "axis": axis},
            "x2": {"field": "end"},
            "y": _pixels("top"),
            "y2": {"field": "bottom"},
            "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
        },
    }


def _texts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for align in ("left", "right"):
        those = [row for row in rows if row["align"] == align]
        text = {"type": "text", "align": align, "baseline": "middle"}
        made.append(
            {"data": {"values": those}, "mark": text, "encoding": {"y": _pixels("y"), "x": _at("x"), "text": _TEXT}}
        )
    return made


def _marks(rows: list[dict[str, Any]], colours: Colours) -> list[dict[str, Any]]:
    if not rows:
        return []
    encoding = {
        "x": {"field": "at", "type": "quantitative"},
        "y": _pixels("top"),
        "y2": {"field": "bottom"},
    }
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": colours.mark, "strokeWidth": 4},
            "encoding": encoding,
        }
    ]


def _rules(rows: list[dict[str, Any]], colours: Colours) -> list[dict[str, Any]]:
    if not rows:
        return []
    line = {"type": "rule", "color": colours.ink, "strokeDash": [4, 3]}
    text = {"type": "text", "align": "left", "baseline": "middle", "fontWeight": "bold"}
    named = [{**row, "x": 0, "text": row["words"]} for row in rows]
    return [
        {
            "data": {"values": rows},
            "mark": line,
            "encoding": {"x": _at("begins"), "x2": {"field": "x"}, "y": _pixels("y")},
        },
        {"data": {"values": named}, "mark": text, "encoding": {"y": _pixels("y"), "x": _at("x"), "text": _TEXT}},
    ]


_TEXT = {"field": "text", "type": "nominal"}


def _pixels(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _at(field: str) -> dict[str, Any]:
    """A place in pixels beside the scale."""
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}
