"""Lines of text no wider than a terminal. A Chinese character is two columns wide, and a line may end behind most of them."""

import re
import unicodedata

_WIDE = ("W", "F")
_NOT_FIRST = "，。、；：！？）》」』】”’…"
"""What begins no line."""
_NOT_LAST = "（《「『【“‘"
"""What ends no line."""
_UNITS = re.compile(rf"\s+|[{_NOT_LAST}]*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef{_NOT_LAST}{_NOT_FIRST}]+)?[{_NOT_FIRST}]*")
"""What stays on one line: blanks, a Chinese character, or a word of others, with the marks that belong to it."""


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(one) in _WIDE else 1 for one in text)


def wrapped(text: str, columns: int, first: str = "", rest: str = "") -> str:
    """A text as lines, its paragraphs apart; one that begins with a line of ``\\b`` keeps its own lines, as in click.

    Args:
        text: The text.
        columns: The widest that a line may be.
        first: What the first line begins with.
        rest: What each other line begins with.
    """
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    lines = [_paragraph(one, columns, first if not number else rest, rest) for number, one in enumerate(paragraphs)]
    return "\n\n".join(lines)


def _paragraph(text: str, columns: int, first: str, rest: str) -> str:
    if text.startswith("\b"):
        kept = text.removeprefix("\b").strip("\n").split("\n")
        return "\n".join(f"{first if not number else rest}{line}" for number, line in enumerate(kept))
    lines = [first]
    for unit in _UNITS.findall(" ".join(text.split())):
        if lines[-1].strip() and width(lines[-1] + unit.rstrip()) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append(rest)
            unit = unit.lstrip()
        lines[-1] += unit
    return "\n".join(lines)
