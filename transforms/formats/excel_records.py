"""The records of a sheet: what stands below its header."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from beam_deid.transforms.formats.excel_cells import ERROR, text_column
from beam_deid.transforms.formats.excel_header import SPACE, Header, Merged
from beam_deid.transforms.formats.header_names import column_names

_ROWS = 1 << 16


class Sheet(NamedTuple):
    """The records of a sheet.

    Attributes:
        table: Text columns by name.
        rows: int64 array, the number of each record: its row, from 0 for the first one after the header.
        repeated: bool array of the same length: whether the record is the header that comes again.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.bool_]


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
    repeated = _repeated(columns, header.names) if header.written else np.zeros(len(rows), dtype=bool)
    return Sheet(pa.table([columns[at] for at in kept], names=names), rows, repeated)


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
