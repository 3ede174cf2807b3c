"""Columns that a file lacks, as columns of nulls."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from beam_deid.transforms.formats.format import Chunk, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.wrapped import Wrapped


class Completed(Wrapped):
    """Another format, whose shards say which of the wanted columns their file lacks.

    Args:
        inner: The format of the file.
    """

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
            yield replace(chunk, batch=pa.RecordBatch.from_arrays(arrays, names=list(columns)))
