"""The row of a sheet that names the columns: below titles, and refused where it is not clear which it is."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import python_calamine as calamine

from beam_deid.transforms.formats.excel_cells import text_column
from beam_deid.transforms.formats.header_looks import differs_from_data, is_data

_LOOKED_AT = 100
_MEND = "Let input.skip say how many rows come before the header (0 for none), or input.header name the columns"

SPACE = " \t\r\n\ufeff\xa0"
"""What is taken off the ends of a name."""

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]
"""Merged cells: row and column of the first and of the last, from 0."""


class Refused(Exception):
    """The workbook is not read.

    Attributes:
        what: What is wrong.
        next_step: What the user can do.
    """

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what}. {next_step}")
        self.what = what
        self.next_step = next_step


class Asked(NamedTuple):
    """What is asked of a workbook; see `InputOptions`.

    Attributes:
        sheet: Name of the sheet, or its number from 1; None for the only one with anything in it.
        skip: Rows before the header, which is the next that is not blank; None where it is to be found.
        header: Names of the columns, where the sheet has no header.
        footer: How many of the last rows are no records; None where nobody says.
        others: Whether it is asked which other sheets have something in them.
    """

    sheet: str | int | None = None
    skip: int | None = None
    header: Sequence[str] | None = None
    footer: int | None = None
    others: bool = False


class Header(NamedTuple):
    """What the columns are called.

    Attributes:
        names: The name of each column from the first in which anything stands, empty where it has none.
        below: Number of the first row after the header, from 0.
        written: Whether the names stand in the sheet.
    """

    names: list[str]
    below: int
    written: bool = True


class _Row(NamedTuple):
    """A row that is not blank: its number in the sheet, from 0, its cells, and these as text without spaces around it."""

    number: int
    cells: Sequence[Any]
    texts: list[str]

    @property
    def filled(self) -> int:
        return sum(text != "" for text in self.texts)


def find_header(sheet: calamine.CalamineSheet, asked: Asked) -> Header:
    """Find what the columns are called. Titles above the header, which fill half of the cells at most, are passed over.

    Raises:
        Refused: There is no header, it does not look like one, or it is not clear which row is it; no value is shown.
    """
    skip = asked.skip or 0
    if asked.header is not None:
        if len(asked.header) != sheet.width:
            what = f"input.header names {len(asked.header)} columns, and the sheet has {sheet.width}"
            raise Refused(what, "Name every column, in their order")
        return Header(list(asked.header), skip, written=False)
    numbered = itertools.islice(enumerate(sheet.iter_rows()), skip, None)
    rows = (_Row(number, cells, _texts(cells)) for number, cells in numbered)
    ahead = list(itertools.islice((row for row in rows if row.filled), _LOOKED_AT))
    if not ahead:
        raise Refused("the sheet is empty, it has not even a header", "Check input.sheet and input.skip")
    place = 0 if asked.skip is not None else _place(ahead, sheet.merged_cell_ranges or [])
    row = ahead[place]
    if _holds_values(ahead, place):
        raise Refused(f"row {row.number + 1}, where the header should be, looks like data", _MEND)
    return Header(row.texts, row.number + 1)


def _texts(cells: Sequence[Any]) -> list[str]:
    return [(text or "").strip(SPACE) for text in text_column(cells).to_pylist()]


def _below(ahead: Sequence[_Row], place: int) -> list[list[str]]:
    return [row.texts for row in ahead[place + 1 :]]


def _holds_values(ahead: Sequence[_Row], place: int) -> bool:
    """Whether a row is one of values: names are text, and do not look like data."""
    row = ahead[place]
    return not all(isinstance(cell, str) for cell in row.cells) or is_data(row.texts, _below(ahead, place))


def _place(ahead: Sequence[_Row], merged: Merged) -> int:
    """Which of the rows is the header: the first, or where that is a title, the first that is none.

    Raises:
        Refused: What is above another row may be a title, or a header in which not every column is named.
    """
    usual = max(row.filled for row in ahead)
    place = next(place for place, row in enumerate(ahead) if 2 * row.filled > usual)
    if place:
        titles = ahead[:place]
        sure = _names_all(ahead, place) or (
            all(row.filled == 1 and _is_across(row.number, usual, merged) for row in titles)
            and not _holds_values(ahead, place)
        )
        if not sure:
            raise _unclear()
    elif ahead[0].filled < usual - 1 and len(ahead) > 1 and _names_all(ahead, 1):
        raise _unclear()
    return place


def _names_all(ahead: Sequence[_Row], place: int) -> bool:
    """Whether a row can be told from values by the rows below it, and has a name of its own for every column but the first."""
    row = ahead[place]
    named = [text for text in row.texts if text]
    whole = "" not in row.texts[1:] and len(set(named)) == len(named)
    return whole and not _holds_values(ahead, place) and differs_from_data(row.texts, _below(ahead, place))


def _is_across(row: int, usual: int, merged: Merged) -> bool:
    """Whether cells of a row are merged over as many columns as rows have."""
    return any(first[0] == row and last[1] - first[1] + 1 >= usual for first, last in merged)


def _unclear() -> Refused:
    what = "it cannot be told which row names the columns, for the first rows have fewer cells filled than others"
    return Refused(what, _MEND)
