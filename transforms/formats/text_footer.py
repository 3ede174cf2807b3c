"""Lines behind the last row that are none: found where a blank line or a ruler stands before them and none begins like a row."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.text_source import length_of
from beam_deid.transforms.formats.total_row import LAST, TOTAL_SAID, has_total
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.paths import shown

if TYPE_CHECKING:
    from beam_deid.transforms.formats.text_layout import TextLayout

_TAIL = 64 << 10
_MOST = 20
_RULER = re.compile(rb"[-=_*#~ ]{3,}[^A-Za-z0-9]*")
_LINE = re.compile(rb"[^\r\n]+")
_DIGIT = re.compile(r"[0-9]")
_ASCII_LETTER = re.compile(r"[A-Za-z]")
_OTHER_LETTER = re.compile(r"[^\x00-\x7f]")


class Footer(NamedTuple):
    """Lines that are no rows.

    Attributes:
        begin: Offset of the first in the file.
        lines: How many there are that are not blank.
    """

    begin: int
    lines: int


def footer_of(path: str, layout: "TextLayout") -> Footer | None:
    """The footer of a file in which any place can be read; None where there is none for sure, or it cannot be looked for.

    Rows that were cut off are not taken for one: a footer stands apart, rows stand before it without a gap, and none of its lines
    begins with a value like those of the first column.

    Raises:
        InputError: One of the last rows is a total.
    """
    length = None if layout.decoded else length_of(path)
    if length is None:
        return None
    start = max(length - _TAIL, layout.begin)
    with open_arrow(path) as file:
        file.seek(start)
        tail = bytes(file.read(_TAIL))
    lines = list(_LINE.finditer(tail))
    footer = _found(lines, layout) if layout.width > 1 else []
    last = [line[0] for line in lines[: len(lines) - len(footer)]]
    check_totals(last, layout, path)
    return Footer(start + footer[0].start(), len(footer)) if footer else None


def check_totals(lines: Sequence[bytes], layout: "TextLayout", path: str) -> None:
    """See that no row among the last ones is a total.

    Args:
        lines: The last lines that are not blank, as they are written.
        layout: How the file is written.
        path: For the message.

    Raises:
        InputError: One is.
    """
    delimiter = bytes([layout.dialect.delimiter])
    # Of quoted values some may have delimiters in them; a line of fewer values is at fault anyway.
    rows = [line for line in lines[-LAST:] if line.count(delimiter) + 1 >= layout.width]
    if has_total(_cells(row, layout) for row in rows):
        what, next_step = TOTAL_SAID
        raise InputError(what, shown(path), next_step)


def _found(lines: list[re.Match[bytes]], layout: "TextLayout") -> list[re.Match[bytes]]:
    """The lines of the footer, among the last lines of a file."""
    delimiter = bytes([layout.dialect.delimiter])
    count = 0
    while count < min(len(lines), _MOST + 1) and lines[-1 - count][0].count(delimiter) + 1 < layout.width:
        count += 1
    rows = lines[: len(lines) - count]
    if not 0 < count <= _MOST or len(rows) < 2:
        return []
    footer = lines[len(rows) :]
    quote = layout.dialect.quote
    if quote is not None and any(quote in line[0] for line in [*rows[-2:], *footer]):
        return []
    if any(line[0].count(delimiter) + 1 != layout.width for line in rows[-2:]):
        return []
    gap = footer[0].start() - rows[-1].end()
    apart = gap >= 2 * (rows[-1].start() - rows[-2].end()) or _RULER.fullmatch(footer[0][0]) is not None
    if not apart or _any_like_rows([line[0] for line in footer], [line[0] for line in rows], layout):
        return []
    return footer


def _any_like_rows(footer: list[bytes], rows: list[bytes], layout: "TextLayout") -> bool:
    """Whether a line of a footer may be a row of which values are lost.

    Such a row begins with characters of the first column. A lone word is none: where that column holds words, `Total` is like them.
    """
    whole = (row for row in rows if row.count(layout.dialect.delimiter) + 1 == layout.width)
    firsts = {_cells(row, layout)[0] for row in whole}
    known = _characters("".join(firsts))
    for line in footer:
        first, *others = _cells(line, layout)
        is_word = not any(others) and not _DIGIT.search(first)
        if first in firsts or (first and not is_word and _characters(first) <= known):
            return True
    return False


def _cells(line: bytes, layout: "TextLayout") -> list[str]:
    """The values of a line in which no delimiter is quoted, without what is around them."""
    cells = line.split(bytes([layout.dialect.delimiter]))
    encoding = "utf-8" if layout.decoded else layout.encoding.name
    return [cell.decode(encoding, "replace").strip(" \t\"'") for cell in cells]


def _characters(text: str) -> set[str]:
    """The characters of a text, with one that stands for all digits, one for Latin letters, and one for those of other scripts."""
    return set(_OTHER_LETTER.sub("文", _ASCII_LETTER.sub("a", _DIGIT.sub("0", text))))
