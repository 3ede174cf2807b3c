"""Delimited text (CSV) as people have it: encodings, armour, quoted line breaks, preambles; all columns are text.

An unquoted empty field is null, a quoted one is the empty string. Blank lines are passed over and not counted. Long
numbers come armoured against spreadsheets, as ``="0123"``, with tabs around them or an apostrophe before them; the
armour is taken off. How a file is written says `beam_deid.transforms.formats.text_layout`, and where its rows are
`beam_deid.transforms.formats.text_scan`; Arrow reads the sound ones. A row with another number of values, with a quote that is
wrong, with NUL, or longer than 4 MiB is a fault, and reading goes on with the next line.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import PASSED_OVER, Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.text_layout import layout_of
from beam_deid.transforms.formats.text_rows import Reading, recut
from beam_deid.transforms.formats.text_splitting import cut_delimited
from beam_deid.transforms.storage.paths import shown


class Delimited(Format):
    """Text with a header and one row a line, whose values a comma, semicolon, tab or other character separates (CSV, TSV)."""

    name = "csv"
    suffixes = (".csv", ".tsv", ".txt")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The header's names, each a text column; in the metadata, how many lines were passed over to find it, and at the end."""
        layout = layout_of(path, options)
        passed = {PASSED_OVER: " ".join(map(str, layout.passed))} if any(layout.passed) else None
        return pa.schema([(name, pa.string()) for name in layout.names], passed)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file at rows; one that is compressed, or whose structure shows only when it is decoded, is one shard."""
        return cut_delimited(Shard(path, self.name, size), layout_of(path, options), rows)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Stream the file; memory stays bounded whatever its size.

        Raises:
            InputError: See `Format.read`; too many malformed rows, and text in another encoding than the file's, too.
        """
        layout = layout_of(shard.path, options)
        missing = [name for name in columns if name not in layout.names]
        if missing:
            raise InputError(
                f"the file lacks the column {missing[0]}", shown(shard.path), "It had it when the run began"
            )
        reading = Reading(shard, layout, columns)
        for chunk in recut(reading.pieces(), columns, rows):
            arrays = [_unarmoured(column) for column in chunk.batch.columns]
            yield Chunk(pa.RecordBatch.from_arrays(arrays, names=list(columns)), chunk.rows, chunk.faults)

    def writer(self, stream: BinaryIO, schema: pa.Schema) -> PartWriter:
        """RFC 4180, UTF-8, a header, line feeds; null is empty, the empty string is ``""``."""
        return _Writer(stream, schema)


def _unarmoured(column: pa.Array) -> pa.Array:
    if pc.any(pc.starts_with(column, '="')).as_py():
        column = pc.replace_substring_regex(column, r'^="([^"]*)"$', r"\1")
    if pc.any(pc.or_(pc.ends_with(column, "\t"), pc.starts_with(column, "\t"))).as_py():
        column = pc.utf8_trim(column, "\t")
    if pc.any(pc.starts_with(column, "'")).as_py():
        column = pc.replace_substring_regex(column, r"^'([0-9]+)$", r"\1")
    return column


class _Writer:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pyarrow.csv.CSVWriter(stream, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()
