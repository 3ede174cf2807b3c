"""A JSON document: an array of records, an answer of an API with its list somewhere inside, or lines of objects.

A document is read piece by piece (`beam_deid.transforms.formats.json_values`), and one that is broken is refused; of lines of
objects (`beam_deid.transforms.formats.json_lines`) only those lines are.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats.format import Chunk, Format, Notation, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_form import holds_lines
from beam_deid.transforms.formats.json_lines import JsonLines
from beam_deid.transforms.formats.json_rows import chunks, columns_of
from beam_deid.transforms.formats.json_values import units
from beam_deid.transforms.formats.nesting import Nesting
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions

_LINES = JsonLines()


class JsonDocument(Format):
    """One JSON document, or JSON Lines under the same ending."""

    name = "json"
    nests = True
    notation = Notation.JSON
    written = False
    heads = False
    suffixes = (".json",)

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The columns of the first thousand rows, all text. Keys that come later are faults of their rows."""
        if holds_lines(path, options, called_lines=False):
            return _LINES.schema(path, options)
        nesting = Nesting(options)
        return columns_of(units(path, options, nesting), nesting, path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Give the whole file as one shard, for records cannot be told apart from the middle of a document."""
        return [Shard(path, self.name, size)]

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read the records of the document piece by piece, so that memory stays bounded; see `Format.read`."""
        if holds_lines(shard.path, options, called_lines=False):
            return _LINES.read(shard, options, columns, rows, known, spare)
        nesting = Nesting(options)
        return chunks(units(shard.path, options, nesting), nesting, columns, rows, known, spare=spare)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """Make a writer of JSON Lines. A policy cannot ask for it; it serves whoever writes a ``.json`` file of records."""
        return _LINES.writer(stream, schema, options)
