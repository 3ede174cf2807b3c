"""What the XML of an .xlsx sheet says of its cells that a reader of values does not.

Errors, and formulas without their result, would be taken for empty cells; numbers that are no day, for another day or time;
and numbers would be without the zeros that are shown before them.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.excel_styles import zeros_of

_BLOCK = 8 << 20
_LOOK = 256 << 10
_LESS, _COLON, _F = b"<:f"
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\w+:id=\"([^\"]+)\"")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_CELL_START = re.compile(rb"<(?:\w+:)?c[\s>]")
_ERROR = re.compile(rb"<(?:\w+:)?c\s(?=[^>]*\bt=\"e\")[^>]*>")
_NO_RESULT = re.compile(
    rb"<(?:\w+:)?c(?![^>]*\bt=\"str\")\s[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)"
)
_NUMBER_CELL = rb"<(?:\w+:)?c\s(?![^>]*\bt=\"[^n])"
_VALUE = rb"(?:<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>"
_NO_DAY = re.compile(rb"(" + _NUMBER_CELL + rb"[^>]*>)\s*" + _VALUE + rb"(?:-|60[.<])")
_OF_STYLE = _NUMBER_CELL + rb"(?=[^>]*\bs=\"(?:%b)\")[^>]*>"
_STYLES_PART = "xl/styles.xml"
_PLACE = re.compile(rb"\br=\"([A-Z]{1,3})([0-9]{1,7})\"")


Places = dict[int, npt.NDArray[np.int64]]
"""For each column that has any such cell, its number from 0 and the sorted rows of the sheet, from 0."""


class UnplacedError(Exception):
    """A cell that is looked for does not say where it is."""


class Marks(NamedTuple):
    """Where cells of a sheet say more than their values.

    Attributes:
        errors: Errors, and formulas without their result.
        days: Numbers that are no day if they are shown as one: negative ones, and the 29 February 1900, which never was.
        zeros: Numbers that are shown with zeros before them, by how many digits they have at least.
    """

    errors: Places
    days: Places
    zeros: dict[int, Places]


NO_MARKS = Marks({}, {}, {})


def cell_marks(data: bytes, number: int, of_days: bool) -> Marks:
    """Find the marks of a sheet.

    Args:
        data: The bytes of the workbook.
        number: Number of the sheet in the workbook, from 0.
        of_days: Whether to look for numbers that are no day, too.

    Returns:
        None of any kind for a workbook that is not written as .xlsx.

    Raises:
        UnplacedError: See there.
        zipfile.BadZipFile: The file is damaged; so do `zlib.error`, `KeyError`, `EOFError` and `OSError` say.
    """
    errors, days = _Found(), _Found()
    zeros: dict[int, _Found] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        if "xl/workbook.xml" not in container.namelist():
            return NO_MARKS
        padded = _padded(container)
        for block in _blocks(container, _part(container, number)):
            errors.add(list(_without_value(block)))
            if of_days:
                days.add(_NO_DAY.findall(block))
            for width, cell in padded.items():
                zeros.setdefault(width, _Found()).add(cell.findall(block))
    return Marks(errors.places(), days.places(), {width: found.places() for width, found in zeros.items()})


class _Found:
    """Places of cells, gathered block by block."""

    def __init__(self) -> None:
        self._rows: dict[int, list[npt.NDArray[np.int64]]] = defaultdict(list)

    def add(self, cells: Sequence[bytes]) -> None:
        """Take the places out of the tags with which cells begin."""
        places = _PLACE.findall(b"".join(cells))
        if len(places) != len(cells):
            raise UnplacedError
        if not places:
            return
        letters, rows = np.array(places, dtype="S7").T
        for column in np.unique(letters):
            self._rows[_column(bytes(column))].append(rows[letters == column].astype(np.int64) - 1)

    def places(self) -> Places:
        return {column: np.unique(np.concatenate(rows)) for column, rows in self._rows.items()}


def _padded(container: zipfile.ZipFile) -> dict[int, re.Pattern[bytes]]:
    """What finds the numbers that have so many digits at least."""
    styles = defaultdict(list)
    if _STYLES_PART in container.namelist():
        for style, width in zeros_of(container.read(_STYLES_PART)).items():
            styles[width].append(b"%d" % style)
    return {width: re.compile(_OF_STYLE % b"|".join(numbers)) for width, numbers in styles.items()}


def _without_value(block: bytes) -> Iterator[bytes]:
    if b't="e"' in block:
        yield from (one[0] for one in _ERROR.finditer(block))
    if _may_have_formulas(block):
        yield from (one[0] for one in _NO_RESULT.finditer(block))


def _may_have_formulas(block: bytes) -> bool:
    """Whether a name that begins with f stands in it, behind < or a namespace's colon."""
    array = np.frombuffer(block, np.uint8)
    for start in range(0, len(array), _LOOK):
        piece = array[start : start + _LOOK + 1]
        before = piece[:-1]
        begins = (before == _LESS) | (before == _COLON)
        if (begins & (piece[1:] == _F)).any():
            return True
    return False


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
