"""A picture of growth as SVG: panels with lines through what was measured, from nothing on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from xml.sax.saxutils import escape

_WIDTH = 300
_HEIGHT = 190
_LEFT = 62
_TOP = 34
_PLOT_WIDTH = 214
_PLOT_HEIGHT = 112
_INK = "#333"
_LIGHT = "#ddd"
_LINES = ("#1f5fa8", "#c2571a", "#3a7d44")
"""Colours, of which each line of a panel has one of its own."""
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Panel:
    """What grows with one thing.

    Attributes:
        title: What grows.
        across: What it grows with.
        lines: Under the name of each line, points of what it grows with and how much was measured. At most three.
    """

    title: str
    across: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def write_picture(path: Path, rows: Sequence[Sequence[Panel]]) -> None:
    """Draw panels, a row of them below the other."""
    width = _WIDTH * max(map(len, rows))
    height = _HEIGHT * len(rows)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    drawn = [part for y, row in enumerate(rows) for x, panel in enumerate(row) for part in _placed(panel, x, y)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11" fill="{_INK}">'
    ground = '<rect width="100%" height="100%" fill="white"/>'
    path.write_text("\n".join([head, ground, *drawn, "</svg>"]) + "\n", "utf-8")


def ticks(most: float) -> list[float]:
    """Round numbers from 0 on, three to six of them, of which only the last is not below the greatest value."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / 4
    power = 10.0 ** floor(log10(rough))
    step = next(times * power for times in _STEPS if times * power >= rough)
    made = [0.0]
    while made[-1] < most:
        made.append(len(made) * step)
    return made


def short(number: float) -> str:
    """A number as a person reads it at an axis: 250 k, 4 M."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if abs(number) >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _placed(panel: Panel, column: int, row: int) -> Iterator[str]:
    yield f'<g transform="translate({column * _WIDTH + _LEFT},{row * _HEIGHT + _TOP})">'
    yield f'<text x="0" y="-14" font-weight="bold">{escape(panel.title)}{_names(panel)}</text>'
    yield from _axes(panel)
    yield from _measured(panel)
    yield "</g>"


def _names(panel: Panel) -> str:
    """The lines' names beside the title, each in its colour, if there are several."""
    if len(panel.lines) == 1:
        return ""
    coloured = zip(panel.lines, _LINES, strict=False)
    return "".join(f'<tspan dx="10" font-weight="normal" fill="{ink}">{escape(name)}</tspan>' for name, ink in coloured)


def _axes(panel: Panel) -> Iterator[str]:
    for value in _up(panel):
        y = _y(panel, value)
        yield f'<line x1="0" x2="{_PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_LIGHT}"/>'
        yield f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>'
    for value in _along(panel):
        x = _x(panel, value)
        yield f'<text x="{x:.1f}" y="{_PLOT_HEIGHT + 15}" text-anchor="middle">{short(value)}</text>'
    yield f'<text x="{_PLOT_WIDTH / 2}" y="{_PLOT_HEIGHT + 31}" text-anchor="middle">{escape(panel.across)}</text>'


def _measured(panel: Panel) -> Iterator[str]:
    for colour, points in zip(_LINES, panel.lines.values(), strict=False):
        places = [(_x(panel, x), _y(panel, y)) for x, y in sorted(points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)


def _up(panel: Panel) -> list[float]:
    return ticks(max(y for points in panel.lines.values() for _, y in points))


def _along(panel: Panel) -> list[float]:
    return ticks(max(x for points in panel.lines.values() for x, _ in points))


def _x(panel: Panel, value: float) -> float:
    return value / _along(panel)[-1] * _PLOT_WIDTH


def _y(panel: Panel, value: float) -> float:
    return _PLOT_HEIGHT * (1 - value / _up(panel)[-1])
