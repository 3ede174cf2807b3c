"""Lines of text no wider than a terminal. A Chinese character is two columns wide, and a line may end behind most of them."""

import re
import unicodedata
from itertools import pairwise

_WIDE = ("W", "F")
_FURTHER = "  "
_NOT_FIRST = "，。、；：！？）》」』】”’…"
"""What begins no line."""
_NOT_LAST = "（《「『【“‘"
"""What ends no line."""
_CHINESE = r"\u2e80-\u9fff\uff00-\uffef"
_PATH = rf"[^\s{_NOT_LAST}{_NOT_FIRST}]*/[^\s{_NOT_LAST}{_NOT_FIRST}]*"
_UNITS = re.compile(
    rf"\s+|{_PATH}[{_NOT_FIRST}]*|[{_NOT_LAST}]*(?:[{_CHINESE}]|[^\s{_CHINESE}{_NOT_LAST}{_NOT_FIRST}]+)[{_NOT_FIRST}]*|[{_NOT_LAST}{_NOT_FIRST}]+"
)
"""What stays on one line: blanks, a path, a Chinese character, or a word of others, with the marks that belong to it."""
_WORDS = re.compile(r"\s+|\S+")


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(one) in _WIDE else 1 for one in text)


def ends_of_lines(text: str, columns: int, *, at_blanks: bool = False) -> list[int]:
    """Where a line of text is broken, so that no part is wider than ``columns``, but for single words and paths.

    Args:
        text: One line.
        columns: The widest that a part may be; blanks at its end do not count.
        at_blanks: Whether lines end at blanks alone, as in English, where Chinese characters are names of the data.

    Returns:
        Places in the text, ascending, each between two parts.
    """
    ends: list[int] = []
    taken = 0
    for unit in (_WORDS if at_blanks else _UNITS).finditer(text):
        if taken and taken + width(unit[0].rstrip()) > columns:
            ends.append(unit.start())
            taken = 0
        taken += width(unit[0])
    return ends


def wrapped(text: str, columns: int, indent: str = "") -> str:
    r"""A text as lines, its paragraphs apart; one that begins with ``\b`` keeps its own lines, as in click.

    Args:
        text: The text.
        columns: The widest that a line may be, its indent included.
        indent: What each line begins with.
    """
    paragraphs = (_lines(one, columns - width(indent)) for one in re.split(r"\n\s*\n", text.strip("\n")))
    return "\n\n".join("\n".join(f"{indent}{line}" for line in lines) for lines in paragraphs)


def hanging(message: str, columns: int, *, at_blanks: bool) -> str:
    """A message for a terminal: each of its lines wrapped, what goes on further in than where it begins.

    Args:
        message: The message.
        columns: The widest that a line may be.
        at_blanks: As `ends_of_lines` has it.
    """
    return "\n".join(part for line in message.split("\n") for part in _hung(line, columns, at_blanks))


def _hung(line: str, columns: int, at_blanks: bool) -> list[str]:
    text = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if width(indent + text) <= columns:
        return [line]
    places = [0, *ends_of_lines(text, columns - width(indent + _FURTHER), at_blanks=at_blanks), len(text)]
    first, *others = (text[start:end].strip() for start, end in pairwise(places))
    return [f"{indent}{first}", *(f"{indent}{_FURTHER}{other}" for other in others)]


def _lines(paragraph: str, columns: int) -> list[str]:
    if paragraph.startswith("\b"):
        return paragraph.removeprefix("\b").strip("\n").split("\n")
    text = " ".join(paragraph.split())
    places = [0, *ends_of_lines(text, columns), len(text)]
    return [text[start:end].strip() for start, end in pairwise(places)]
