"""Columns that a file lacks, as columns of nulls."""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats.format import Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions


class Completed(Format):
    """Another format, whose shards say which of the wanted columns their file lacks.

    Args:
        inner: The format of the file.
    """

    name = "completed"
    suffixes = ()

    def __init__(self, inner: Format) -> None:
        self._inner = inner

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's own columns."""
        return self._inner.schema(path, options)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file into shards as the format of the file does."""
        return self._inner.shards(path, size, options, rows)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read what is there; what is not is null, of no type."""
        there = [name for name in columns if name not in shard.lacks]
        for chunk in self._inner.read(shard, options, there, rows, known, spare):
            given = dict(zip(there, chunk.batch.columns, strict=True))
            nothing = pa.nulls(len(chunk.rows))
            arrays = [given.get(name, nothing) for name in columns]
            yield Chunk(pa.RecordBatch.from_arrays(arrays, names=list(columns)), chunk.rows, chunk.faults)

    def writer(self, stream: BinaryIO, schema: pa.Schema) -> PartWriter:
        """Make the writer that the format of the file makes."""
        return self._inner.writer(stream, schema)
