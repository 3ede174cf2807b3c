"""How much room texts take, on any machine: estimated from their letters, never measured."""

import unicodedata
from collections.abc import Iterator

_BREAKABLE = ("W", "F")
"""Letters as wide as they are high, between which a line may end."""
_NARROW = frozenset(" iljtfr.,:;'|!()[]")
_BROAD = frozenset("mwMW@%")
"""Letters that are narrower, or broader, than others in all common fonts without serifs."""
_EMS = {"cell": 1.0, "narrow": 0.41, "broad": 1.0, "capital": 0.74, "other": 0.63}
"""Widths of letters in ems; rather too much, as fonts differ."""


def width_of(text: str, size: int) -> float:
    """The width of a text, in pixels, rather too large than too small.

    Args:
        text: The text.
        size: The size of its letters, in pixels.
    """
    return size * sum(_EMS[_sort(letter)] for letter in text)


def _sort(letter: str) -> str:
    if unicodedata.east_asian_width(letter) in _BREAKABLE:
        return "cell"
    if letter in _NARROW:
        return "narrow"
    if letter in _BROAD:
        return "broad"
    return "capital" if letter.isupper() else "other"


def lines_of(text: str, size: int, width: int) -> list[str]:
    """A text in lines that are no wider than some pixels: broken between words, else between parts of a name, else anywhere.

    Args:
        text: The text.
        size: The size of its letters, in pixels.
        width: The widest line, in pixels.
    """
    lines = [""]
    for piece in _pieces(text, " "):
        fits = width_of(piece.rstrip(), size) <= width
        for part in [piece] if fits else _short(piece, size, width):
            if lines[-1] and width_of(lines[-1] + part.rstrip(), size) > width:
                lines.append("")
            lines[-1] += part
    return [line.strip() for line in lines if line.strip()]


def _pieces(text: str, ends: str) -> Iterator[str]:
    """The parts of a text between which a line may end: behind some letters, and behind every wide one."""
    piece = ""
    for letter in text:
        piece += letter
        if letter in ends or unicodedata.east_asian_width(letter) in _BREAKABLE:
            yield piece
            piece = ""
    if piece:
        yield piece


def _short(word: str, size: int, width: int) -> Iterator[str]:
    """The parts of a long word, none of which is wider than a line."""
    for part in _pieces(word, "_-./"):
        most = max(1, int(width / size))
        if width_of(part, size) <= width:
            yield part
        else:
            yield from (part[first : first + most] for first in range(0, len(part), most))
