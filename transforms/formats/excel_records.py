"""The records of a sheet: where its header is, and what stands below it."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from beam_deid.transforms.formats.excel_cells import ERROR, text_column
from beam_deid.transforms.formats.header_names import column_names

_ROWS = 1 << 16
_LOOKED_AT = 20
_MEND = "Let input.skip say how many rows come before the header, or input.header name the columns"

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]
"""Merged cells: row and column of the first and of the last, from 0."""


class Refused(Exception):
    """The workbook is not read.

    Attributes:
        what: What is wrong.
        next_step: What the user can do.
    """

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class Asked(NamedTuple):
    """What is asked of a workbook; see `InputOptions`.

    Attributes:
        sheet: Name of the sheet, or its number from 1; None for the only one with anything in it.
        skip: Rows before the header.
        header: Names of the columns, where the sheet has no header.
        footer: Last rows that are no records.
    """

    sheet: str | int | None = None
    skip: int = 0
    header: Sequence[str] | None = None
    footer: int = 0


class Header(NamedTuple):
    """What the columns are called.

    Attributes:
        names: The name of each column from the first in which anything stands, empty where it has none.
        below: Number of the first row after the header, from 0.
    """

    names: list[str]
    below: int


class Sheet(NamedTuple):
    """The records of a sheet.

    Attributes:
        table: Text columns by name.
        rows: int64 array, the number of each record: its row, from 0 for the first one after the header.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]


def find_header(sheet: calamine.CalamineSheet, asked: Asked) -> Header:
    """Find what the columns are called. Titles above the header, which fill fewer cells than the rows below, are passed over.

    Raises:
        Refused: There is no header, or it does not look like one.
    """
    if asked.header is not None:
        if len(asked.header) != sheet.width:
            what = f"input.header names {len(asked.header)} columns, and the sheet has {sheet.width}"
            raise Refused(what, "Name every column, in their order")
        return Header(list(asked.header), asked.skip)
    rows = itertools.islice(enumerate(sheet.iter_rows()), asked.skip, None)
    ahead = list(itertools.islice((row for row in rows if _filled(row[1])), _LOOKED_AT))
    if not ahead:
        raise Refused("the sheet is empty, it has not even a header", "Check input.sheet and input.skip")
    most = max(_filled(cells) for _, cells in ahead)
    enough = most if most <= 2 else most - 1  # an index of pandas has no name
    number, cells = next(row for row in ahead if _filled(row[1]) >= enough)
    names = [cell.strip(" \t\r\n\ufeff") for cell in cells if isinstance(cell, str)]
    if len(names) < len(cells):
        raise Refused(f"row {number + 1}, where the header should be, looks like data", _MEND)
    return Header(names, number + 1)


def _filled(cells: Sequence[Any]) -> int:
    return sum(cell != "" for cell in cells)


def records(
    sheet: calamine.CalamineSheet, header: Header, errors: dict[int, npt.NDArray[np.int64]], footer: int
) -> Sheet:
    """The records below the header. Blank rows are none; a value of merged cells stands in each of their rows.

    Args:
        sheet: The sheet, in which something stands.
        header: What its columns are called.
        errors: By number of the column in the sheet, the rows whose cells there are in error.
        footer: How many of the last rows that are not blank are none.

    Raises:
        Refused: A column without a name has values.
    """
    first_column = (sheet.start or (0, 0))[1]
    columns = _columns(sheet, header.below)
    for number, rows in errors.items():
        columns[number - first_column] = _in_error(columns[number - first_column], rows - header.below)
    filled = np.flatnonzero(_any_valid(columns))
    rows = filled[: max(len(filled) - footer, 0)]
    for number, sources in _sources(sheet.merged_cell_ranges or [], header.below, len(columns[0])).items():
        if 0 <= number - first_column < len(columns):
            columns[number - first_column] = columns[number - first_column].take(pa.array(sources))
    columns = [column.take(pa.array(rows)) for column in columns]
    kept = [at for at, name in enumerate(header.names) if name or columns[at].null_count < len(rows)]
    names = column_names([header.names[at] for at in kept])
    return Sheet(pa.table([columns[at] for at in kept], names=names), rows)


def _columns(sheet: calamine.CalamineSheet, below: int) -> list[pa.Array]:
    """All columns below the header, as text."""
    rows = itertools.islice(sheet.iter_rows(), below, None)
    pieces: list[list[pa.Array]] = [[pa.array([], pa.string())] for _ in range(sheet.width)]
    while some := list(itertools.islice(rows, _ROWS)):
        for piece, cells in zip(pieces, zip(*some, strict=True), strict=True):
            piece.append(text_column(cells))
    return [pa.concat_arrays(piece) for piece in pieces]


def _in_error(column: pa.Array, rows: npt.NDArray[np.int64]) -> pa.Array:
    here = np.zeros(len(column), dtype=bool)
    here[rows[(rows >= 0) & (rows < len(column))]] = True
    return pc.if_else(pa.array(here), ERROR, column)


def _any_valid(columns: Sequence[pa.Array]) -> npt.NDArray[np.bool_]:
    """Which rows have a value at all."""
    found = np.zeros(len(columns[0]), dtype=bool)
    for column in columns:
        found |= column.is_valid().to_numpy(zero_copy_only=False)
    return found


def _sources(merged: Merged, below: int, count: int) -> dict[int, npt.NDArray[np.int64]]:
    """For each column with cells that are merged over several rows: the row that each row has its value from."""
    bounds = np.array(merged, dtype=np.int64).reshape(-1, 4)
    several = bounds[:, 2] > bounds[:, 0]
    bounds = bounds[several & (bounds[:, 0] >= below) & (bounds[:, 0] < below + count)]
    found = {}
    for column in np.unique(bounds[:, 1]).tolist():
        here = bounds[bounds[:, 1] == column]
        first = here[:, 0] - below
        lengths = np.minimum(here[:, 2] - below + 1, count) - first
        starts = np.repeat(first, lengths)
        within = np.arange(len(starts)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        sources = np.arange(count, dtype=np.int64)
        sources[starts + within] = starts
        found[column] = sources
    return found
