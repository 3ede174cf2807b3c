"""Delimited text (CSV) as people have it: encodings, quoted line breaks, preambles; all columns are text.

An unquoted empty field is null, a quoted one is the empty string. Blank lines are passed over and not counted. Spreadsheets'
escapes, as of ``="0123"``, are in the values: whoever reads them as kinds takes them off. How a file is written says
`beam_deid.transforms.formats.text_layout`, and where its rows are `beam_deid.transforms.formats.text_scan`; Arrow reads the sound
ones. A row with another number of values, with a quote that is wrong, with NUL, or longer than 4 MiB is a fault, and reading goes
on with the next line.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import passed_over
from beam_deid.transforms.formats.delimited_writer import DelimitedWriter
from beam_deid.transforms.formats.format import Chunk, Format, Notation, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.kept_lines import keep_lines
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.formats.text_layout import layout_of, layout_of_shard
from beam_deid.transforms.formats.text_rows import Reading, recut
from beam_deid.transforms.formats.text_splitting import cut_delimited
from beam_deid.transforms.storage.paths import shown


class Delimited(Format):
    """Text with a header and one row a line, whose values a comma, semicolon, tab or other character separates (CSV, TSV)."""

    name = "csv"
    notation = Notation.DELIMITED
    suffixes = (".csv", ".tsv", ".txt")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The header's names, each a text column; in the metadata, how many lines were passed over to find it, and at the end."""
        layout = layout_of(path, options)
        return pa.schema([(name, pa.string()) for name in layout.names], passed_over.saying(layout.passed))

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file at rows; one that is compressed, or whose structure shows only when it is decoded, is one shard."""
        layout = layout_of(path, options)
        return cut_delimited(Shard(path, self.name, size, written=layout), layout, rows)

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
        layout = layout_of_shard(shard, options)
        missing = [name for name in columns if name not in layout.names]
        if missing:
            raise InputError(
                f"the file lacks the column {missing[0]}", shown(shard.path), "It had it when the run began"
            )
        reading = Reading(shard, layout, columns)
        yield from recut(reading.pieces(), columns, rows, layout.above)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """CSV that a spreadsheet takes for text, too; see there."""
        return DelimitedWriter(stream, schema, options)

    def keep_rows(self, path: str, size: int, stream: BinaryIO, kept: Bools) -> None:
        """Copy bytes; see `Format.keep_rows`."""
        keep_lines(path, stream, kept, heading=1, quoted=True)
