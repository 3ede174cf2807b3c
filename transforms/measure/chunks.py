"""Measured records on their way to where they are counted: pieces of bounded size, which any engine can carry.

A chunk is an Arrow record batch of fingerprints: a column for each of the histogram's, named by the JSON of its `Column`, then the
counts. Which releases are counted together in it stands in its schema's metadata. A chunk has a number, by which the worker that
decides asks for its share of all chunks: what it is sent at once is a share.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.combining import combine, mix
from beam_deid.transforms.columns.partition import MOST_BUCKETS
from beam_deid.transforms.measure.aside import Table
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.job import SHARD_ROWS
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT

SHARES = 2048
"""Into so many shares all chunks are divided: some engines hold the first hundred that are asked for, see `beam.decide.Decide`."""

CHUNK = 1 << 20
"""Most bytes of a chunk's columns."""

_TABLE = b"table"
_WIDTH = 8
_SAMPLE = 64
"""Rows that say which share a chunk belongs to."""


@dataclass(frozen=True)
class Bounds:
    """How much of what was measured is held at once; none of it changes what is decided.

    Attributes:
        chunk: Most bytes of a chunk's columns.
        few: So many records of a run are counted in memory; more are counted in buckets.
        bucket: Records of a bucket, about.
    """

    chunk: int = CHUNK
    few: int = 2 * SHARD_ROWS
    bucket: int = SHARD_ROWS // 2

    def buckets(self, rows: int) -> int:
        """How many buckets so many records fill, about."""
        return min(max(1, -(-rows // self.bucket)), MOST_BUCKETS)


def chunks_of(histograms: Mapping[Table, Histogram], most: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Cut histograms into chunks, each with the number of its share.

    Args:
        histograms: Measured records, by the releases that are counted together.
        most: Most bytes of a chunk's columns; a chunk has one row at least.
    """
    for table, histogram in histograms.items():
        whole = _batch(table, histogram)
        rows = max(1, most // (_WIDTH * whole.num_columns))
        for begin in range(0, whole.num_rows, rows):
            yield _share(histogram, begin), whole.slice(begin, rows)


def table_of(chunk: pa.RecordBatch) -> Table:
    """The releases that are counted together in a chunk."""
    return tuple(json.loads(chunk.schema.metadata[_TABLE]))


def histogram_of(chunk: pa.RecordBatch) -> Histogram:
    """The records of a chunk; its columns are views that cannot be written to."""
    columns = {_column(name): keys.to_numpy() for name, keys in zip(chunk.schema.names, chunk.columns, strict=True)}
    counts = columns.pop(COUNT)
    return Histogram(columns, counts)


def _batch(table: Table, histogram: Histogram) -> pa.RecordBatch:
    columns = {**histogram.columns, COUNT: histogram.counts}
    fields = [pa.field(json.dumps(name), pa.from_numpy_dtype(keys.dtype)) for name, keys in columns.items()]
    schema = pa.schema(fields, {_TABLE: json.dumps(table)})
    return pa.RecordBatch.from_arrays([pa.array(keys) for keys in columns.values()], schema=schema)


def _share(histogram: Histogram, begin: int) -> int:
    """A share that follows from the chunk, so that a step that is tried again gives the same."""
    rows = slice(begin, begin + _SAMPLE)
    sample = [keys[rows] for keys in histogram.columns.values()]
    keys = combine(sample, len(histogram.counts[rows]))
    return int(mix(np.bitwise_xor.reduce(keys, keepdims=True))[0] % np.uint64(SHARES))


def _column(name: str) -> Column:
    return Column(*json.loads(name))
