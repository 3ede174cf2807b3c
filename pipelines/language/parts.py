"""Texts that are put together of several messages, said part by part."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

SEPARATORS = re.compile(r"(\. |; or |; |: |, | \(|\))")
"""What stands between the parts of a text."""
_MARKS = {". ": "。", "; ": "；", "; or ": "；或", ": ": "：", ", ": "，", " (": "（", ")": "）"}
"""Separators beside a part that was said in another language. Between names they stay as they are."""
_MOST = 31
"""Pieces of the longest message, separators included: texts of many parts are not gone through for each."""
_OPENING = " ("
_CLOSING = ")"

Find = Callable[[str], str | None]
"""Gives a text in the other language, or None if it is not known."""


class _Part(NamedTuple):
    """A part of a text.

    Attributes:
        separator: What stands before it.
        text: The part as it is said.
        known: Whether it is said in the other language.
    """

    separator: str
    text: str
    known: bool


def said_by_parts(text: str, find: Find) -> str | None:
    """A text said part by part, of which each is as long as it is known; None if no part is known.

    Args:
        text: The text.
        find: Says a part; it is not asked for the whole text.
    """
    pieces = SEPARATORS.split(text)
    parts: list[_Part] = []
    start = 0
    while start < len(pieces):
        end, part = _longest(pieces, start, find)
        parts.append(part)
        start = end + 1
    return _joined(parts) if any(part.known for part in parts) else None


def _longest(pieces: Sequence[str], start: int, find: Find) -> tuple[int, _Part]:
    """The longest known part that begins with a piece, and where it ends; the piece alone, if none is known."""
    separator = pieces[start - 1] if start else ""
    last = min(len(pieces), start + _MOST)
    for end in range(last, start, -2):
        if not start and end == len(pieces):
            continue
        part = "".join(pieces[start:end])
        # Some messages begin with a separator: ", cut to 16 bytes".
        whole = find(f"{separator}{part}") if separator else None
        if whole is not None:
            return end, _Part("", whole, known=True)
        found = find(part)
        if found is not None:
            return end, _Part(separator, found, known=True)
    return start + 1, _Part(separator, pieces[start], known=False)


def _joined(parts: Sequence[_Part]) -> str:
    text = parts[0].text
    opened: list[bool] = []
    for before, part in pairwise(parts):
        beside = before.known or part.known
        if part.separator == _CLOSING:  # as the bracket that it closes
            beside = opened.pop() if opened else False
        elif part.separator == _OPENING:
            opened.append(beside)
        mark = _MARKS.get(part.separator, part.separator) if beside else part.separator
        text += f"{mark}{part.text}"
    return text
