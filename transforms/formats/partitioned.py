"""Columns that the folders of a file name: ``dt=2024-03-01/part-0.parquet`` has the column ``dt``."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Format, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.wrapped import Wrapped
from beam_deid.transforms.storage.partitions import Partitions


class Partitioned(Wrapped):
    """Another format with the columns of a file's folders, which are text, after its own.

    A column that the file has as well is the file's, and must say what the folder says.

    Args:
        inner: The format of the file.
        partitions: The columns, and the value of each in all records.
    """

    def __init__(self, inner: Format, partitions: Partitions) -> None:
        super().__init__(inner)
        self._partitions = dict(partitions)

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's columns and those of its folders."""
        schema = self._inner.schema(path, options)
        added = [pa.field(name, pa.string()) for name in self._partitions if name not in schema.names]
        return pa.schema([*schema, *added], schema.metadata)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read what is wanted, and put the values of the folders beside it.

        Raises:
            InputError: The file cannot be read, or says something else than its folder.
        """
        twice = self._partitions.keys() & set(self._inner.schema(shard.path, options).names)
        added = self._partitions.keys() - twice
        own = [name for name in columns if name not in added]
        known = None if known is None else [name for name in known if name not in added]
        spare = [name for name in spare if name not in added]
        for chunk in self._inner.read(shard, options, own, rows, known, spare):
            given = dict(zip(chunk.batch.schema.names, chunk.batch.columns, strict=True))
            for name in twice.intersection(own):
                _check(given[name], self._partitions[name], f"{shard.told or shard.path}: {name}")
            count = len(chunk.rows)
            for name in added.intersection(columns):
                given[name] = pa.repeat(pa.scalar(self._partitions[name], pa.string()), count)
            arrays = [given[name] for name in columns]
            yield replace(chunk, batch=pa.RecordBatch.from_arrays(arrays, names=list(columns)))


def _check(column: pa.Array, told: str | None, where: str) -> None:
    """See that a column of a file holds nothing but what its folder says."""
    values = plain(column)
    try:
        same = values.null_count == len(values) if told is None else _all_are(values, told)
    except pa.ArrowException:
        same = False
    if not same:
        raise InputError("the file says something else in this column than its folder", where, "Drop one of the two")


def _all_are(values: pa.Array, told: str) -> bool:
    said = pa.scalar(told, pa.string()).cast(values.type)
    return values.null_count == 0 and pc.all(pc.equal(values, said)).as_py() is not False
