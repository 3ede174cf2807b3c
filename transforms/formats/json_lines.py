"""JSON Lines: one object a line. Scalars are read as the text they are written as, so no digit is lost.

Blank lines are passed over but counted as rows. Of a key that a line repeats the last value counts. Plain lines are
read as columns (`beam_deid.transforms.formats.json_columns`), others row by row
(`beam_deid.transforms.formats.json_rows`), and nobody can tell which. How nested values become rows says
`beam_deid.transforms.formats.nesting`; a row's number is then its place among the rows, not the line.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.encoding import MARK
from beam_deid.transforms.formats.format import Chunk, Format, Notation, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_bare import Unplain
from beam_deid.transforms.formats.json_columns import Columns
from beam_deid.transforms.formats.json_form import holds_lines
from beam_deid.transforms.formats.json_rows import DECODER, chunks, columns_of, narrow
from beam_deid.transforms.formats.json_text import ENCODING, SPACE, text_stream
from beam_deid.transforms.formats.json_values import units as values
from beam_deid.transforms.formats.kept_lines import keep_lines
from beam_deid.transforms.formats.nesting import BLANK, Nesting, Unit
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.formats.text_source import encoding_of
from beam_deid.transforms.formats.text_splitting import cut_lines
from beam_deid.transforms.storage.limits import LARGEST_VALUE, mebibytes, rows_of
from beam_deid.transforms.terms import Reason

_HEAD = 1 << 20
_BLOCK = 8 << 20


class JsonLines(Format):
    """One JSON object a line; under the same ending also an array, or objects that go over several lines."""

    name = "jsonl"
    nests = True
    notation = Notation.JSON
    heads = False
    suffixes = (".jsonl", ".ndjson")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The columns of the first thousand rows, all text. Keys that come later are faults of their rows."""
        nesting = Nesting(options)
        rows = units if holds_lines(path, options, called_lines=True) else values
        return columns_of(rows(path, options, nesting), nesting, path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file at lines; one that is compressed, or whose lines give other numbers of rows than one, is one shard."""
        whole = Shard(path, self.name, size)
        if (
            options.records is not None
            or options.items is not None
            or not holds_lines(path, options, called_lines=True)
        ):
            return [whole]
        return cut_lines(whole, encoding_of(path, options.encoding, ENCODING), rows)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Stream the file, block by block: plain ones as columns, others row by row."""
        nesting = Nesting(options)
        if not holds_lines(shard.path, options, called_lines=True):
            found = values(shard.path, options, nesting)
            yield from chunks(found, nesting, columns, rows, known, spare=spare)
            return
        plain = Columns(nesting, columns, known)
        number = shard.first_row
        lines = rows_of(len(columns), _BLOCK)
        for block in (piece for whole in _blocks(shard, options) for piece in _pieces(whole, lines)):
            try:
                batch = plain.read(block)
            except Unplain:
                found = narrow(_units_in(block, nesting), shard.path)
                number = yield from chunks(found, nesting, columns, rows, known, number, spare)
                continue
            for start in range(0, batch.num_rows, rows):
                piece = batch.slice(start, rows)
                yield Chunk(piece, np.arange(number + start, number + start + piece.num_rows, dtype=np.int64))
            number += batch.num_rows

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """Keys in the schema's order, null as null, all characters as they are."""
        return _Writer(stream, schema)

    def keep_rows(self, path: str, size: int, stream: BinaryIO, kept: Bools) -> None:
        """Copy bytes; see `Format.keep_rows`."""
        keep_lines(path, stream, kept, heading=0, quoted=False)


def units(path: str, options: InputOptions, nesting: Nesting) -> Iterator[Unit]:
    """The rows of a file, one by one.

    Raises:
        InputError: The file is gone, truncated or damaged, or a row has too many keys.
    """
    for block in _blocks(Shard(path, JsonLines.name, 0), options):
        yield from narrow(_units_in(block, nesting), path)


def _units_in(block: bytes, nesting: Nesting) -> Iterator[Unit]:
    for line in block.removesuffix(b"\n").split(b"\n"):
        yield from _units_of(line, nesting)


def _units_of(line: bytes, nesting: Nesting) -> Iterator[Unit]:
    text = line.decode().strip().lstrip(SPACE)
    if not text:
        yield BLANK
        return
    try:
        yield from nesting.units(DECODER.decode(text))
    except (ValueError, RecursionError):
        yield Unit(None, "", Reason.BAD_ENCODING if MARK in text else Reason.MALFORMED_ROW)


def _blocks(shard: Shard, options: InputOptions) -> Iterator[bytes]:
    """The shard in pieces of whole lines.

    Raises:
        InputError: The file is gone, truncated or damaged, or a line is too long.
    """
    stream = text_stream(shard.path, options, shard.start, shard.end)
    lengths = _Lengths(shard.path, shard.first_row)
    held: list[bytes] = []
    size = 0
    try:
        while piece := stream.read(_HEAD):
            lengths.check(piece)
            cut = piece.rfind(b"\n") + 1
            if size + cut >= _BLOCK and cut:
                yield b"".join([*held, piece[:cut]])
                held = []
                size = 0
                piece = piece[cut:]
            held.append(piece)
            size += len(piece)
        if size:
            yield b"".join(held)
    finally:
        stream.close()


def _pieces(block: bytes, lines: int) -> Iterator[bytes]:
    """The block, in pieces where it has more lines than so many."""
    if block.count(b"\n") <= lines:
        yield block
        return
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))[lines - 1 :: lines] + 1
    bounds = [0, *ends.tolist(), len(block)]
    yield from (block[start:stop] for start, stop in pairwise(bounds) if start < stop)


class _Lengths:
    """Stops at a line that is too long. A piece is shorter than that, so only a line that began in one before can be."""

    def __init__(self, path: str, before: int) -> None:
        self._path = path
        self._ended = before
        self._open = 0

    def check(self, piece: bytes) -> None:
        """Look at the next piece of the file."""
        first = piece.find(b"\n")
        self._open += len(piece) if first < 0 else first
        if self._open > LARGEST_VALUE:
            raise InputError(
                f"row {self._ended + 1} is longer than {mebibytes(LARGEST_VALUE)}",
                self._path,
                "If the file is one JSON document, set input.format: json; else cut that record up, or leave it out",
            )
        if first >= 0:
            self._ended += piece.count(b"\n")
            self._open = len(piece) - piece.rfind(b"\n") - 1


class _Writer:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._stream = stream
        self._keys = [json.dumps(name, ensure_ascii=False) for name in schema.names]

    def write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        pieces: list[Any] = []
        for number, (key, column) in enumerate(zip(self._keys, batch.columns, strict=True)):
            pieces += [f"{',' if number else '{'}{key}:", _texts(column)]
        lines = pc.binary_join_element_wise(*pieces, "}\n", "")
        self._stream.write("".join(lines.to_pylist()).encode())

    def close(self) -> None:
        """Do nothing: every batch was written when it came."""


def _texts(column: pa.Array) -> pa.Array:
    """A column as JSON, each distinct text quoted once."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        texts = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, None)
        texts = finite.cast(pa.string())
    else:
        coded = column.cast(pa.string()).dictionary_encode()
        quoted = [json.dumps(text, ensure_ascii=False) for text in coded.dictionary.to_pylist()]
        texts = pa.array(quoted, pa.string()).take(coded.indices)
    return texts.fill_null("null")
