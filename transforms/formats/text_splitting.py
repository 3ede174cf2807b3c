"""Text files cut at rows into shards of their bytes, so that several processes read one file."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from beam_deid.transforms.formats.encoding import Encoding
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.text_blocks import blocks
from beam_deid.transforms.formats.text_dialect import LF
from beam_deid.transforms.formats.text_layout import TextLayout
from beam_deid.transforms.formats.text_source import length_of, open_from, read_from

SMALL = 16 << 20
"""Bytes of a file that one process reads in no time: it is not looked through before."""

_BLOCK = 8 << 20


class Starts(NamedTuple):
    """Where rows of a block begin.

    Attributes:
        rows: How many rows it has.
        offset_of: The offset in the file of one of them.
    """

    rows: int
    offset_of: Callable[[int], int]


def cut_delimited(shard: Shard, layout: TextLayout, rows: int) -> list[Shard]:
    """Cut a file of delimited text into shards of so many rows.

    Args:
        shard: The whole file.
        layout: How it is written.
        rows: Rows of a shard; the last may have a quarter more, or fewer.

    Raises:
        InputError: The file cannot be read.
    """
    length = _length(shard, layout.decoded, rows)
    if length is None:
        return [shard]
    stream = open_from(shard.path, layout.begin, layout.end or length)
    try:
        starts = _rows_in(stream, layout, shard.path)
        return _cut(shard, starts, layout.begin, layout.end or length, rows, layout.footer or 0)
    finally:
        stream.close()


def cut_lines(shard: Shard, encoding: Encoding, rows: int) -> list[Shard]:
    """Cut a file of which every line is a row into shards of so many lines.

    Args:
        shard: The whole file.
        encoding: Its encoding.
        rows: Lines of a shard; the last may have a quarter more, or fewer.

    Raises:
        InputError: The file cannot be read.
    """
    length = _length(shard, not encoding.keeps(LF), rows)
    if length is None:
        return [shard]
    stream = open_from(shard.path, encoding.mark, length)
    try:
        return _cut(shard, _lines_in(stream, encoding.mark, shard.path), encoding.mark, length, rows, 0)
    finally:
        stream.close()


def _length(shard: Shard, decoded: bool, rows: int) -> int | None:
    """Bytes of a file that can be cut and is worth it; None of another."""
    return None if decoded or shard.size < max(SMALL, rows) else length_of(shard.path)


def _rows_in(stream: Any, layout: TextLayout, path: str) -> Iterator[Starts]:
    for block in blocks(stream, layout.dialect, layout.width, path):
        begin = layout.begin + block.offset
        starts = block.scan.rows.starts
        if block.lost:
            starts = np.append(starts, block.scan.rows.end)
        yield Starts(len(starts), lambda row, begin=begin, starts=starts: begin + int(starts[row]))  # type: ignore[misc]


def _lines_in(stream: Any, begin: int, path: str) -> Iterator[Starts]:
    whole = True
    while piece := read_from(stream, _BLOCK, path):
        array = np.frombuffer(piece, np.uint8) == LF
        # A line begins behind each line end but the last of the file.
        count = int(np.count_nonzero(array[:-1])) + whole

        def offset_of(row: int, begin: int = begin, array: Any = array, whole: bool = whole) -> int:
            behind = np.flatnonzero(array[:-1]) + 1
            return begin if whole and not row else begin + int(behind[row - whole])

        yield Starts(count, offset_of)
        whole = piece.endswith(b"\n")
        begin += len(piece)


def _cut(shard: Shard, found: Iterator[Starts], begin: int, end: int, rows: int, footer: int) -> list[Shard]:
    """Shards that begin at every so-manieth row, without the last so many rows of the file."""
    bounds: list[int] = []
    count = 0
    last: deque[int] = deque(maxlen=max(footer, 1))
    for starts in found:
        due = -(-count // rows) * rows
        bounds += [starts.offset_of(row) for row in range(due - count, starts.rows, rows)]
        last.extend(starts.offset_of(row) for row in range(max(0, starts.rows - footer), starts.rows))
        count += starts.rows
    if footer:
        end = last[0] if count > footer else begin
        count = max(count - footer, 0)
        bounds = [bound for bound in bounds if bound < end]
    if len(bounds) < 2:
        return [shard]
    if count - (len(bounds) - 1) * rows < rows // 4:
        bounds.pop()
    stops = [*bounds[1:], end]
    firsts = [number * rows for number in range(len(bounds))]
    counts = [rows] * (len(bounds) - 1) + [count - firsts[-1]]
    return [
        replace(shard, start=start, end=stop, first_row=first, rows=many)
        for start, stop, first, many in zip(bounds, stops, firsts, counts, strict=True)
    ]
