"""Delimited text as blocks of whole rows, in bounded memory whatever a file holds."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from beam_deid.transforms.formats.text_dialect import Dialect
from beam_deid.transforms.formats.text_scan import Scan
from beam_deid.transforms.formats.text_source import read_from

_BLOCK = 1 << 20


class Block(NamedTuple):
    """Some whole rows.

    Attributes:
        scan: Them and their structure.
        offset: Offset of the block in what is read.
        lost: Whether behind these rows comes one that is too long for any block; it counts as a row.
    """

    scan: Scan
    offset: int
    lost: bool


def blocks(stream: Any, dialect: Dialect, width: int, path: str) -> Iterator[Block]:
    """The rows of a stream.

    Args:
        stream: Bytes, from the beginning of a row on.
        dialect: How values are told apart.
        width: Values of a whole row.
        path: For messages.

    Raises:
        InputError: The stream is truncated or damaged.
    """
    held = b""
    offset = 0
    skipping = False
    while True:
        piece = read_from(stream, _BLOCK, path)
        if skipping:
            end = _line_end(piece)
            skipping = end == len(piece) > 0
            offset += end
            piece = piece[end:]
            if skipping:
                continue
        data = held + piece
        final = not piece
        if data:
            scan = Scan(data, dialect, width, final)
            skipping = scan.rows.overlong
            yield Block(scan, offset, skipping)
            held = b"" if skipping else data[scan.rows.end :]
            offset += len(data) - len(held)
        if final and not skipping:
            return


def _line_end(piece: bytes) -> int:
    """Where the first line ends; the piece's length where it does not."""
    places = [place for place in (piece.find(b"\n"), piece.find(b"\r")) if place >= 0]
    return min(places, default=len(piece))
