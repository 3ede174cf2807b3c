"""How much room texts take, on any machine: estimated from their letters, never measured."""

import unicodedata
from collections.abc import Iterator

_WIDE = 1.0
_NARROW = 0.6
"""Widths of letters in ems; of Latin ones rather too much, as fonts differ."""


def width_of(text: str, size: int) -> float:
    """The width of a text, in pixels, rather too large than too small.

    Args:
        text: The text.
        size: The size of its letters, in pixels.
    """
    return size * sum(_WIDE if unicodedata.east_asian_width(letter) in "WF" else _NARROW for letter in text)


def lines_of(text: str, size: int, width: int) -> list[str]:
    """A text in lines that are no wider than some pixels; broken between words where that can be, else within one.

    Args:
        text: The text.
        size: The size of its letters, in pixels.
        width: The widest line, in pixels.
    """
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and width_of(lines[-1] + piece.rstrip(), size) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
        while width_of(lines[-1].rstrip(), size) > width:
            kept = _fitting(lines[-1], size, width)
            lines[-1:] = [lines[-1][:kept], lines[-1][kept:]]
    return [line.strip() for line in lines if line.strip()]


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between which a line may end: words with the blank or the underscore behind them, and wide letters one by one."""
    piece = ""
    for letter in text:
        piece += letter
        if letter in " _" or unicodedata.east_asian_width(letter) in "WF":
            yield piece
            piece = ""
    if piece:
        yield piece


def _fitting(text: str, size: int, width: int) -> int:
    """How many letters of a text fit; one at least."""
    kept = 1
    while kept < len(text) and width_of(text[: kept + 1], size) <= width:
        kept += 1
    return kept
