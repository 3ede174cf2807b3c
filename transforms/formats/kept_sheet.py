"""Sheets that a release was written in, copied with some of their rows: each cell stays what it is, rows have new numbers."""

import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.excel_writer import LEVEL, SHEET, OneWay, entry
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.paths import shown

_BLOCK = 1 << 20
_ROW = '<row r="'
_END = "</row>"
_NUMBER = r'(<(?:row|c) r="[A-Z]*)[0-9]+"'
"""The number of a row where it stands in it; texts in cells have no such bytes, for ``<`` is escaped in them."""
_PLACE = "\x00"
"""Stands where a number was; XML cannot hold it."""


def keep_sheet_rows(path: str, stream: BinaryIO, kept: Bools) -> None:
    """Copy some rows of a sheet that `beam_deid.transforms.formats.excel_writer` wrote, below its header.

    Args:
        path: The file.
        stream: Where to; it stays open.
        kept: Which rows stay, shape (rows,).

    Raises:
        InputError: The file is none that a release is written in, or has another number of rows.
    """
    with open_arrow(path) as given, zipfile.ZipFile(given) as old:
        one_way: BinaryIO = OneWay(stream)  # type: ignore[assignment]
        with zipfile.ZipFile(one_way, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as new:
            for name in old.namelist():
                if name != SHEET:
                    new.writestr(entry(name), old.read(name))
            with old.open(SHEET) as sheet, new.open(entry(SHEET), "w") as made:
                for piece in _pieces(sheet, kept, path):
                    made.write(piece.encode())


def _pieces(sheet: IO[bytes], kept: Bools, path: str) -> Iterator[str]:
    """The sheet with the rows that stay, some at a time."""
    stay = np.concatenate([np.ones(1, np.bool_), kept])
    read = written = 0
    rest = b""
    before = True
    while block := sheet.read(_BLOCK):
        whole, mark, rest = (rest + block).rpartition(_END.encode())
        text = (whole + mark).decode()
        if not text:
            continue
        if before:
            head, row, text = text.partition(_ROW)
            yield head
            text = row + text
            before = False
        rows = pa.array(text.removesuffix(_END).split(_END), pa.string())
        if read + len(rows) > len(stay):
            raise _other_rows(path)
        some = rows.filter(pa.array(stay[read : read + len(rows)]))
        read += len(rows)
        yield "".join(f"{one}{_END}" for one in _numbered(some, written))
        written += len(some)
    if read != len(stay):
        raise _other_rows(path)
    yield rest.decode()


def _numbered(rows: pa.Array, above: int) -> list[str]:
    """Rows of XML with their numbers, so many rows being above them."""
    numbers = pa.array(np.arange(above + 1, above + 1 + len(rows))).cast(pa.string())
    apart = pc.split_pattern(pc.replace_substring_regex(rows, _NUMBER, rf'\1{_PLACE}"'), _PLACE)
    found: list[str] = pc.binary_join(apart, numbers).to_pylist()
    return found


def _other_rows(path: str) -> InputError:
    return InputError("a part does not have as many rows as its label says", shown(path), "See: beam-deid verify")
