"""Whether a line that may name the columns of a table looks like a header, or like the values of rows."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[-+]?[0-9]{1,5}")
_OF_A_PERSON = re.compile(r"(?=(?:[^0-9]*[0-9]){10})[+(]?[0-9][0-9 ()+-]{9,}[0-9Xx]?|[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_DATA = re.compile(
    r"[-+]?[0-9]{6,}|[-+]?[0-9][0-9,.]*[.,][0-9]+|[0-9]{2,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*|[0-9]{4}年[0-9]{1,2}月.*"
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
)
_SHARE_OF_DATA = 0.2


def is_data(texts: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line that should name columns holds values of rows.

    Args:
        texts: Its values, without spaces around them.
        below: The values of some of the rows after it.
    """
    filled = [text for text in texts if text]
    if any(_OF_A_PERSON.fullmatch(text) for text in filled):
        return True
    if len(filled) > 1 and 2 * sum(bool(_NUMBER.fullmatch(text)) for text in filled) > len(filled):
        return True
    like = [place for place, text in enumerate(texts) if _DATA.fullmatch(text) and _are_data(below, place)]
    if len(like) > _SHARE_OF_DATA * len(filled):
        return True
    again: set[int] = set()
    for values in below:
        if values != texts:
            again.update(
                place for place, (one, name) in enumerate(zip(values, texts, strict=False)) if name and one == name
            )
    return len(again) > 1 and 2 * len(again) >= len(filled)


def differs_from_data(texts: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line has names where the rows after it have numbers or times, and none of these itself."""
    over = [text for place, text in enumerate(texts) if _has_values(below, place) and _are_data(below, place)]
    return bool(over) and not any(_is_value(text) for text in texts)


def _has_values(rows: Sequence[Sequence[str]], place: int) -> bool:
    return any(place < len(row) and row[place] for row in rows)


def _are_data(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether most values of a column are numbers or times; none are enough where there is no value."""
    values = [row[place] for row in rows if place < len(row) and row[place]]
    return 2 * sum(map(_is_value, values)) >= len(values)


def _is_value(text: str) -> bool:
    return bool(_DATA.fullmatch(text) or _NUMBER.fullmatch(text))
