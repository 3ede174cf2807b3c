"""How a ``.docx`` looks: A4, one face for Latin letters and one for Chinese, tables that fit the page."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

TEXT_FACES = ("Times New Roman", "SimSun")
HEADING_FACES = ("Arial", "SimHei")
"""Faces for Latin letters and for Chinese ones, which Word and WPS bring along; others put a like one in their place."""
DEEPEST = 3
BULLETS = "List Bullet"
_WIDTH_CM = 16.0
"""Between the margins of A4."""
_POINTS = {
    "Normal": 10.5,
    "Title": 20,
    "Heading 1": 14,
    "Heading 2": 12,
    "Heading 3": 11,
    "Caption": 9,
    "List Bullet": 10.5,
}
_CELL_POINTS = 8.5
_GAP = 9
"""Points behind a table."""
_LEAST_SHARE = 0.085
_MOST_LETTERS = 60
"""Of a cell's letters that widen its column."""
_SHADE = "F2F2F2"
_MARK = "FFF2CC"
_LINE = "BFBFBF"


def lay_out(written: Any, footer: str) -> None:
    """Set the page, the faces and the foot of a new document."""
    from docx.shared import Cm

    page = written.sections[0]
    page.page_width = Cm(21.0)
    page.page_height = Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.5)
    page.top_margin = page.bottom_margin = Cm(2.3)
    for name, points in _POINTS.items():
        _set_style(written.styles[name], points, HEADING_FACES if name.startswith(("Title", "Heading")) else TEXT_FACES)
    _set_foot(page, footer)


def _set_style(style: Any, points: float, faces: tuple[str, str]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.size = Pt(points)
    style.font.name = faces[0]
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):  # would count before the faces
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), faces[1])
    language = style.element.rPr.get_or_add_lang() if hasattr(style.element.rPr, "get_or_add_lang") else None
    if language is None:
        language = _child(style.element.rPr, "w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.paragraph_format.space_after = Pt(6)


def _child(parent: Any, tag: str, **attributes: str) -> Any:
    """A new element at the end of another one."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    parent.append(made)
    return made


def _set_foot(page: Any, footer: str) -> None:
    """The foot of every page: a text, and the page's number."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = page.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in (f"{footer}    ", None):
        run = paragraph.add_run(text)
        run.font.size = Pt(8)
        if text is None:
            _child(run._r, "w:fldChar", fldCharType="begin")
            _child(run._r, "w:instrText").text = "PAGE"
            _child(run._r, "w:fldChar", fldCharType="end")


def shares(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """The share of the width that each column gets: more for more text, and a least for all."""
    longest = [max(min(_letters(one), _MOST_LETTERS) for one in column) for column in zip(headings, *rows, strict=True)]
    rest = 1 - _LEAST_SHARE * len(longest)
    if rest <= 0:
        return tuple(1 / len(longest) for _ in longest)
    whole = sum(longest) or 1
    return tuple(_LEAST_SHARE + rest * one / whole for one in longest)


def _letters(text: str) -> int:
    """How wide a text is, in Latin letters: Chinese ones are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def table(written: Any, parts: Sequence[float]) -> Any:
    """A table without rows, as wide as the page's text.

    Args:
        written: The document.
        parts: The share of the width that each column has.
    """
    from docx.shared import Cm

    made = written.add_table(rows=0, cols=len(parts))
    made.style = "Table Grid"
    made.autofit = False
    _set_lines(made)
    for column, share in zip(made.columns, parts, strict=True):
        column.width = Cm(_WIDTH_CM * share)
    return made


def _set_lines(made: Any) -> None:
    """Thin grey lines around cells, and room within them."""
    properties = made._tbl.tblPr
    borders = _child(properties, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _child(borders, f"w:{side}", val="single", sz="4", space="0", color=_LINE)
    margins = _child(properties, "w:tblCellMar")
    for side, room in (("top", "45"), ("left", "85"), ("bottom", "45"), ("right", "85")):
        _child(margins, f"w:{side}", w=room, type="dxa")


def head(made: Any, headings: Sequence[str], numbers: Collection[int]) -> None:
    """Add the row of headings, which each page repeats."""
    row = made.add_row()
    _child(row._tr.get_or_add_trPr(), "w:tblHeader", val="true")
    for number, (cell, text) in enumerate(zip(row.cells, headings, strict=True)):
        fill_cell(cell, text, bold=True, right=number in numbers)
        cell.paragraphs[0].paragraph_format.keep_with_next = True
        _child(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=_SHADE)


def fill_cell(cell: Any, text: str, *, bold: bool = False, right: bool = False, marked: bool = False) -> None:
    """Write a text into a cell.

    Args:
        cell: The cell.
        text: The text.
        bold: Whether it is a heading.
        right: Whether it is a number.
        marked: Whether it waits for a person.
    """
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    run = paragraph.add_run(text)
    run.font.size = Pt(_CELL_POINTS)
    run.bold = bold or marked
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if marked:
        _child(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=_MARK)


def finish(made: Any, written: Any) -> None:
    """See that no row is cut by the end of a page, and leave some room behind a table."""
    from docx.shared import Cm, Pt

    for row in made.rows:
        _child(row._tr.get_or_add_trPr(), "w:cantSplit", val="true")
        for cell, column in zip(row.cells, made.columns, strict=True):
            cell.width = column.width or Cm(1)
    behind = written.add_paragraph()
    behind.paragraph_format.space_after = Pt(0)
    behind.paragraph_format.line_spacing = Pt(_GAP)


def caption(written: Any, text: str) -> None:
    """What a table shows, on the page that the table begins on."""
    paragraph = written.add_paragraph(text, style="Caption")
    paragraph.paragraph_format.keep_with_next = True


def boxed(written: Any, title: str, text: str) -> None:
    """What must not be overlooked."""
    made = table(written, (1.0,))
    cell = made.add_row().cells[0]
    fill_cell(cell, title, bold=True)
    if text:
        cell.add_paragraph()
        cell.paragraphs[-1].add_run(text).font.size = cell.paragraphs[0].runs[0].font.size
    _child(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=_SHADE)
    finish(made, written)


def to_fill_in(written: Any, text: str) -> None:
    """A question to a person, with room for the answer."""
    from docx.shared import Cm

    made = table(written, (1.0,))
    cell = made.add_row().cells[0]
    fill_cell(cell, text, marked=True)
    cell.paragraphs[0].runs[0].bold = False
    cell.paragraphs[0].paragraph_format.keep_with_next = True
    answer = made.add_row()
    answer.height = Cm(1.2)
    finish(made, written)
