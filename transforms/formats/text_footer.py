"""Lines behind the last row that are none: found where a blank line or a ruler stands before them and no value is like a row's."""

import re
from typing import TYPE_CHECKING, NamedTuple

from beam_deid.transforms.formats.text_source import length_of
from beam_deid.transforms.storage.files import open_arrow

if TYPE_CHECKING:
    from beam_deid.transforms.formats.text_layout import TextLayout

_TAIL = 64 << 10
_MOST = 20
_RULER = re.compile(rb"[-=_*#~ ]{3,}[^A-Za-z0-9]*")
_LINE = re.compile(rb"[^\r\n]+")


class Footer(NamedTuple):
    """Lines that are no rows.

    Attributes:
        begin: Offset of the first in the file.
        lines: How many there are that are not blank.
    """

    begin: int
    lines: int


def footer_of(path: str, layout: "TextLayout") -> Footer | None:
    """The footer of a file in which any place can be read; None where there is none for sure.

    A row that was cut off is not taken for one: a footer stands apart, and rows stand before it without a gap.
    """
    length = None if layout.decoded else length_of(path)
    if length is None or layout.width < 2:
        return None
    start = max(length - _TAIL, layout.begin)
    with open_arrow(path) as file:
        file.seek(start)
        tail = bytes(file.read(_TAIL))
    delimiter = bytes([layout.dialect.delimiter])
    lines = list(_LINE.finditer(tail))
    count = 0
    while count < min(len(lines), _MOST + 1) and lines[-1 - count][0].count(delimiter) + 1 < layout.width:
        count += 1
    rows = lines[: len(lines) - count]
    if not 0 < count <= _MOST or len(rows) < 2:
        return None
    footer = lines[len(rows) :]
    quote = layout.dialect.quote
    if quote is not None and any(quote in line[0] for line in [*rows[-2:], *footer]):
        return None
    if any(line[0].count(delimiter) + 1 != layout.width for line in rows[-2:]):
        return None
    gap = footer[0].start() - rows[-1].end()
    apart = gap >= 2 * (rows[-1].start() - rows[-2].end()) or _RULER.fullmatch(footer[0][0]) is not None
    return Footer(start + footer[0].start(), count) if apart else None
