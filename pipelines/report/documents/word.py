"""Documents as ``.docx``: the same document gives the same bytes, whenever it is written."""

import datetime
import io
import zipfile
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.report.blocks import (
    Block,
    Bullets,
    Callout,
    Checks,
    Document,
    Facts,
    Figure,
    Fill,
    Grid,
    Paragraph,
    Part,
)
from beam_deid.pipelines.report.documents import word_styles as styles
from beam_deid.pipelines.report.documents.saying import as_grid, asked, is_to_fill_in, told

if TYPE_CHECKING:  # lxml takes a tenth of a second to load
    from docx.document import Document as Written

AUTHOR = "beam-deid"
_LONGEST_TITLE = 255
"""That a file can say of itself; the whole title stands on its first page."""


def as_docx(document: Document, made_at: str, footer: str) -> bytes:
    """Write a document in the language that is spoken.

    Args:
        document: The document.
        made_at: When that was made which it tells of, ISO 8601: what the file says of its own time.
        footer: What stands at the foot of every page, before its number.
    """
    import docx

    written = docx.Document()
    time = datetime.datetime.fromisoformat(made_at)
    _describe(written, told(document.title), time)
    styles.lay_out(written, told(footer))
    written.add_paragraph(told(document.title), style="Title")
    for section in document.sections:
        written.add_heading(told(section.title), level=min(section.level, styles.DEEPEST))
        for block in section.blocks:
            _add(block, written)
    return _timeless(written, time)


def _describe(written: "Written", title: str, time: datetime.datetime) -> None:
    """What the file says of itself: nothing of the computer or of the day on which it was written."""
    about = written.core_properties
    about.author = AUTHOR
    about.last_modified_by = AUTHOR
    about.title = title[:_LONGEST_TITLE]
    about.comments = ""
    about.revision = 1
    about.created = time.replace(tzinfo=None)
    about.modified = time.replace(tzinfo=None)


def _timeless(written: "Written", time: datetime.datetime) -> bytes:
    """The file's bytes, with the document's own time in place of that of writing."""
    drawn = io.BytesIO()
    written.save(drawn)
    made = io.BytesIO()
    stamp = (max(time.year, 1980), time.month, time.day, time.hour, time.minute, time.second // 2 * 2)
    with zipfile.ZipFile(drawn) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            new.writestr(entry, old.read(name))
    return made.getvalue()


@singledispatch
def _add(block: Block, written: Any) -> None:
    raise TypeError(f"{type(block).__name__} is no block")


@_add.register
def _(block: Paragraph, written: Any) -> None:
    written.add_paragraph(told(block.text))


@_add.register
def _(block: Bullets, written: Any) -> None:
    for item in block.items:
        written.add_paragraph(told(item), style=styles.BULLETS)


@_add.register
def _(block: Facts, written: Any) -> None:
    table = styles.table(written, (0.36, 0.64))
    for word, text in block.pairs:
        cells = table.add_row().cells
        styles.fill_cell(cells[0], told(word), bold=True)
        styles.fill_cell(cells[1], told(text))
    styles.finish(table, written)


@_add.register
def _(block: Grid, written: Any) -> None:
    if block.caption:
        styles.caption(written, told(block.caption))
    headings = [told(one) for one in block.headings]
    rows = [[told(cell) for cell in row] for row in block.rows]
    table = styles.table(written, styles.shares(headings, rows))
    styles.head(table, headings, block.numbers)
    for row, cells in zip(block.rows, rows, strict=True):
        places = table.add_row().cells
        for number, (place, text) in enumerate(zip(places, cells, strict=True)):
            styles.fill_cell(place, text, right=number in block.numbers, marked=is_to_fill_in(row[number]))
    styles.finish(table, written)


@_add.register
def _(block: Checks, written: Any) -> None:
    _add(as_grid(block), written)


@_add.register
def _(block: Part, written: Any) -> None:
    styles.caption(written, told(block.title))
    for inner in (*([Paragraph(block.lead)] if block.lead else []), *block.blocks):
        _add(inner, written)


@_add.register
def _(block: Figure, written: Any) -> None:
    styles.caption(written, told(block.caption))
    written.add_paragraph(told(block.told))


@_add.register
def _(block: Callout, written: Any) -> None:
    styles.boxed(written, told(block.title), told(block.text))


@_add.register
def _(block: Fill, written: Any) -> None:
    styles.to_fill_in(written, asked(block))
