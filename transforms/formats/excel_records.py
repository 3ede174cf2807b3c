"""The records of a sheet: what stands below its header."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from beam_deid.transforms.formats.excel_cells import ERROR, text_column
from beam_deid.transforms.formats.excel_end import check_end
from beam_deid.transforms.formats.excel_header import SPACE, Header, Merged
from beam_deid.transforms.formats.excel_marks import Marks, Places
from beam_deid.transforms.formats.header_names import column_names
from beam_deid.transforms.formats.passed_over import PassedOver

_ROWS = 1 << 12
"""Rows that are made columns together, while their cells are in the processor's cache."""

_OF_NO_DAY = "^(?:[0-9]{2,}:|1900-02-28)"
"""What a number that is no day is taken for: a time, or the day before; spans of time keep their sign."""


class Sheet(NamedTuple):
    """The records of a sheet.

    Attributes:
        table: Text columns by name.
        rows: int64 array, the number of each record: its row, from 0 for the first one after the header.
        repeated: bool array of the same length: whether the record is the header that comes again.
        passed: What of the sheet is passed over.
        above: How many rows of the sheet stand above row 0.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.bool_]
    passed: PassedOver
    above: int


def records(
    sheet: calamine.CalamineSheet, header: Header, marks_of: Callable[[bool], Marks], footer: int | None
) -> Sheet:
    """The records below the header. Blank rows are none; a value of merged cells stands in each of their rows.

    Args:
        sheet: The sheet, in which something stands.
        header: What its columns are called.
        marks_of: Tells what its cells say besides their values; of numbers that are no day where asked to.
        footer: How many of the last rows that are not blank are none; None where nobody says.

    Raises:
        Refused: Nobody says, and the last rows do not look like records.
    """
    first_column = (sheet.start or (0, 0))[1]
    columns = _columns(sheet, header.below)
    _mark(columns, marks_of(_may_be_no_days(columns)), first_column, header.below)
    filled = np.flatnonzero(_any_valid(columns))
    if footer is None:
        check_end(columns, filled)
    rows = filled[: max(len(filled) - (footer or 0), 0)]
    passed = _passed(sheet, header, filled, len(filled) - len(rows))
    for number, sources in _sources(sheet.merged_cell_ranges or [], header.below, len(columns[0])).items():
        if 0 <= number - first_column < len(columns):
            columns[number - first_column] = columns[number - first_column].take(pa.array(sources))
    columns = [column.take(pa.array(rows)) for column in columns]
    kept = [at for at, name in enumerate(header.names) if name or columns[at].null_count < len(rows)]
    names = column_names([header.names[at] for at in kept])
    repeated = _repeated(columns, header.names) if header.written else np.zeros(len(rows), dtype=bool)
    return Sheet(pa.table([columns[at] for at in kept], names=names), rows, repeated, passed, header.below)


def _passed(sheet: calamine.CalamineSheet, header: Header, filled: npt.NDArray[np.int64], after: int) -> PassedOver:
    """What is passed over before the header, between the records, and after the last so many rows."""
    above = itertools.islice(sheet.iter_rows(), header.below - header.written)
    before = sum(any(cell != "" for cell in row) for row in above)
    blank = int(filled[-1]) + 1 - len(filled) if len(filled) else 0
    first = int(np.argmax(filled != np.arange(len(filled)))) if blank else 0
    return PassedOver(before, after, blank, header.below + first + 1 if blank else 0)


def _columns(sheet: calamine.CalamineSheet, below: int) -> list[pa.Array]:
    """All columns below the header, as text."""
    rows = itertools.islice(sheet.iter_rows(), below, None)
    pieces: list[list[pa.Array]] = [[pa.array([], pa.string())] for _ in range(sheet.width)]
    while some := list(itertools.islice(rows, _ROWS)):
        for piece, cells in zip(pieces, zip(*some, strict=True), strict=True):
            piece.append(text_column(cells))
    return [pa.concat_arrays(piece) for piece in pieces]


def _may_be_no_days(columns: Sequence[pa.Array]) -> bool:
    """Whether any cell says what a number that is no day is taken for."""
    return any(pc.any(pc.match_substring_regex(column, _OF_NO_DAY)).as_py() for column in columns)


def _mark(columns: list[pa.Array], marks: Marks, first: int, below: int) -> None:
    """Put errors into columns, and zeros before numbers.

    Args:
        columns: The columns, which are changed.
        marks: Where, in the sheet.
        first: Number of the first column in the sheet.
        below: Number of the first row.
    """
    for width, zeros in marks.zeros.items():
        for at, here in _places(zeros, columns, first, below):
            columns[at] = _padded(columns[at], here, width)
    for at, here in _places(marks.days, columns, first, below):
        is_time = pc.match_substring_regex(columns[at], _OF_NO_DAY).fill_null(False)
        columns[at] = pc.if_else(pc.and_(here, is_time), ERROR, columns[at])
    for at, here in _places(marks.errors, columns, first, below):
        columns[at] = pc.if_else(here, ERROR, columns[at])


def _places(places: Places, columns: Sequence[pa.Array], first: int, below: int) -> Iterator[tuple[int, pa.Array]]:
    """Of each column with such cells, its number among the columns and where they are: bool array, shape (n,)."""
    for number, rows in places.items():
        if 0 <= number - first < len(columns):
            here = np.zeros(len(columns[0]), dtype=bool)
            here[rows[(rows >= below) & (rows < below + len(here))] - below] = True
            yield number - first, pa.array(here)


def _padded(column: pa.Array, here: pa.Array, width: int) -> pa.Array:
    """Whole numbers there with so many digits at least."""
    whole = pc.and_(here, pc.match_substring_regex(column, "^-?[0-9]+$").fill_null(False))
    sign = pc.if_else(pc.starts_with(column, "-"), "-", "")
    digits = pc.utf8_lpad(pc.utf8_ltrim(column, "-"), width, "0")
    return pc.if_else(whole, pc.binary_join_element_wise(sign, digits, ""), column)


def _repeated(columns: Sequence[pa.Array], names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which rows have in every column what the header has there."""
    found = np.arange(len(columns[0]))
    for column, name in zip(columns, names, strict=True):
        texts = pc.utf8_trim(column.take(pa.array(found)).fill_null(""), SPACE)
        found = found[pc.equal(texts, name).to_numpy(zero_copy_only=False)]
    flags = np.zeros(len(columns[0]), dtype=bool)
    flags[found] = True
    return flags


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
