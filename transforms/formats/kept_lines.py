"""Files of lines copied with some of their rows: what is kept is the same byte by byte."""

from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.paths import shown

_BLOCK = 8 << 20
_QUOTE = ord('"')
_LINE_FEED = ord("\n")


def keep_lines(path: str, stream: BinaryIO, kept: Bools, heading: int, quoted: bool) -> None:
    """Copy some rows of a file that a release was written in: a row ends with a line feed.

    Args:
        path: The file.
        stream: Where to; it stays open.
        kept: Which rows stay, shape (rows,).
        heading: How many rows stand above the first, as a header; they stay.
        quoted: Whether a line feed between quotes is a part of a value.

    Raises:
        InputError: The file cannot be read, or has another number of rows.
    """
    stay = np.concatenate([np.ones(heading, np.bool_), kept, np.zeros(1, np.bool_)])
    row = 0
    is_open = False
    with open_arrow(path) as given:
        while block := given.read(_BLOCK):
            data = np.frombuffer(block, np.uint8)
            ends, is_open = _ends(data, quoted, is_open)
            rows = row + np.cumsum(ends) - ends
            if rows[-1] >= len(stay) - 1:
                raise _other_rows(path)
            stream.write(data[stay[rows]].tobytes())
            row = int(rows[-1]) + int(ends[-1])
    if row != len(stay) - 1:
        raise _other_rows(path)


def _ends(data: npt.NDArray[np.uint8], quoted: bool, is_open: bool) -> tuple[Bools, bool]:
    """Which bytes end a row, shape (bytes,), and whether a quote is open behind the last; whether one is before the first."""
    ends = data == _LINE_FEED
    if not quoted:
        return ends, False
    # A quote within quotes is written twice, which opens and closes nothing.
    inside = (np.cumsum(data == _QUOTE) + is_open) % 2 == 1
    return ends & ~inside, bool(inside[-1])


def _other_rows(path: str) -> InputError:
    return InputError("a part does not have as many rows as its label says", shown(path), "See: beam-deid verify")
