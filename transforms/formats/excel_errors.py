"""Cells of an .xlsx sheet in which no value stands although something does: errors, and formulas without their result.

A reader of values sees nothing there, and would call them empty. So the XML of the sheet is looked through for them.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_BLOCK = 8 << 20
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\w+:id=\"([^\"]+)\"")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_CELL_START = re.compile(rb"<(?:\w+:)?c[\s>]")
_ERROR = re.compile(rb"<(?:\w+:)?c\s(?=[^>]*\bt=\"e\")[^>]*>")
_NO_RESULT = re.compile(
    rb"<(?:\w+:)?c(?![^>]*\bt=\"str\")\s[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)"
)
_PLACE = re.compile(rb"\br=\"([A-Z]{1,3})([0-9]{1,7})\"")


class UnplacedError(Exception):
    """An error stands in a cell that does not say where it is."""


def error_cells(data: bytes, number: int) -> dict[int, npt.NDArray[np.int64]]:
    """Where errors, and formulas without their result, stand in a sheet.

    Args:
        data: The bytes of the workbook.
        number: Number of the sheet in the workbook, from 0.

    Returns:
        For each column that has any, its number from 0 and the sorted rows of the sheet, from 0. Nothing for a workbook that
        is not written as .xlsx.

    Raises:
        UnplacedError: See there.
        zipfile.BadZipFile: The file is damaged; so do `zlib.error`, `KeyError`, `EOFError` and `OSError` say.
    """
    found: dict[int, list[int]] = defaultdict(list)
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        if "xl/workbook.xml" not in container.namelist():
            return {}
        for block in _blocks(container, _part(container, number)):
            for cell in _without_value(block):
                place = _PLACE.search(cell)
                if place is None:
                    raise UnplacedError
                found[_column(place[1])].append(int(place[2]) - 1)
    return {column: np.unique(np.array(rows, np.int64)) for column, rows in found.items()}


def _without_value(block: bytes) -> Iterator[bytes]:
    if b't="e"' in block:
        yield from (one[0] for one in _ERROR.finditer(block))
    if b"<f" in block or b":f" in block:
        yield from (one[0] for one in _NO_RESULT.finditer(block))


def _part(container: zipfile.ZipFile, number: int) -> str:
    """The name of the part that holds a sheet."""
    key = _SHEET.findall(container.read("xl/workbook.xml"))[number]
    for relation in _RELATION.findall(container.read("xl/_rels/workbook.xml.rels")):
        said = dict(re.findall(rb"(\w+)=\"([^\"]*)\"", relation))
        if said.get(b"Id") == key:
            target = said[b"Target"].decode()
            return target[1:] if target.startswith("/") else f"xl/{target}"
    raise KeyError(number)


def _blocks(container: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that begin with a cell or with the part itself, so that no cell is in two of them."""
    held = b""
    with container.open(part) as stream:
        while block := stream.read(_BLOCK):
            held += block
            starts = [one.start() for one in _CELL_START.finditer(held, max(len(held) - (1 << 16), 1))]
            if starts:
                yield held[: starts[-1]]
                held = held[starts[-1] :]
    yield held


def _column(letters: bytes) -> int:
    """The number of a column, from 0, by its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1
