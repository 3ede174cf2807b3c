"""A sample of any input, always the same for the same files: the first rows of evenly chosen shards."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.dataset.reading import dataset_files, plain_types, shards
from beam_deid.transforms.drafting.sample import Sample
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of, format_of_shard, passed_over
from beam_deid.transforms.formats.format import Chunk, Fault, Format, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.formats.passed_over import PassedOver
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.files import InputFile
from beam_deid.transforms.storage.paths import shown

SAMPLING = "sampling"
_SHARDS = 32
_BATCH_ROWS = 1 << 15


def take_sample(inputs: Sequence[str], options: InputOptions, most: int) -> Sample:
    """Read a sample.

    All files are cut into shards (a whole file, or Parquet row groups of some 262,144 rows together). At most 32 of them are
    chosen, evenly from the first to the last, and the first rows of each are read, in equal parts of ``most``.

    Args:
        inputs: Globs.
        options: How the files are written.
        most: Greatest number of rows.

    Raises:
        UsageError: No file matches, or the files' columns differ.
        InputError: A file cannot be read, or no row of it.
    """
    PROGRESS.start(SAMPLING)
    files = dataset_files(inputs)
    if not files:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    columns = _read_columns(files, options)
    cut = [shard for file in files for shard in shards(file, options)]
    chosen = _evenly(cut, _SHARDS)
    reader = _Reader(columns, options, -(-most // max(len(chosen), 1)))
    for shard in chosen:
        reader.read(shard)
    whole = len(chosen) == len(cut) and not reader.is_cut
    passed = tuple(columns.passed)
    return Sample(len(files), tuple(columns.types), reader.columns(), reader.rows, whole, reader.unreadable, passed)


@dataclass
class _Columns:
    """The columns of all files.

    Attributes:
        types: Type of each column in the first file in which something stands in it, in the order of the first file.
        lists: Columns that are lists, which are not sampled.
        mixed: Columns whose type differs between files; their values are read as text.
        passed: Files of which something is passed over, and what.
    """

    types: dict[str, pa.DataType] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    mixed: set[str] = field(default_factory=set)
    passed: list[tuple[str, PassedOver]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The columns that are sampled."""
        return [name for name in self.types if name not in self.lists]


def _read_columns(files: Iterable[InputFile], options: InputOptions) -> _Columns:
    columns = _Columns()
    for file in files:
        schema = format_of(file.path, options, file.partitions).schema(file.path, options)
        given = plain_types(schema)
        NAMES.add(given)
        if passed := passed_over.said(schema):
            columns.passed.append((file.told or shown(file.path), passed))
        columns.types = columns.types or dict(given)
        _check_names(columns.types, given, file.path)
        columns.lists.update(one.name for one in schema if one.metadata == LIST)
        for name, kind in given.items():
            if pa.types.is_null(columns.types[name]):  # a column of nothing but nulls may be of any type
                columns.types[name] = kind
            elif kind != columns.types[name] and not pa.types.is_null(kind):
                columns.mixed.add(name)
    return columns


def _check_names(first: dict[str, pa.DataType], given: dict[str, pa.DataType], path: str) -> None:
    differing = set(given) ^ set(first)
    if differing:
        raise UsageError(f"its columns are not those of the first file: {min(differing)}", path, "Profile it by itself")


def _evenly(cut: Sequence[Shard], most: int) -> list[Shard]:
    """At most so many shards, evenly chosen from the first to the last."""
    if not cut:
        return []
    places = np.linspace(0, len(cut) - 1, min(len(cut), most)).astype(int)
    return [cut[place] for place in np.unique(places)]


class _Reader:
    """Reads the first rows of shards.

    Args:
        columns: The columns of all files.
        options: How the files are written.
        each: Greatest number of rows of a shard.

    Attributes:
        rows: Number of rows read.
        unreadable: Number of rows that could not be read.
        is_cut: Whether a shard had more rows than were read.
    """

    def __init__(self, columns: _Columns, options: InputOptions, each: int) -> None:
        self._mixed = columns.mixed
        self._types = columns.types
        self._options = options
        self._each = each
        self._pieces: dict[str, list[pa.Array]] = {name: [] for name in columns.names}
        self.rows = 0
        self.unreadable = 0
        self.is_cut = False

    def read(self, shard: Shard) -> None:
        """Read the first rows of a shard."""
        left = self._each
        kind = format_of_shard(shard, self._options)
        for chunk in self._chunks(shard, kind):
            batch = meant(chunk.batch.slice(0, left), kind.notation.of_spreadsheets, self._options)
            self._keep(batch)
            self.unreadable += _distinct_rows(chunk.faults)
            left -= batch.num_rows
            if batch.num_rows < chunk.batch.num_rows:
                self.is_cut = True
                return

    def _chunks(self, shard: Shard, kind: Format) -> Iterator[Chunk]:
        # One row more than is wanted shows whether there are more.
        return iter(kind.read(shard, self._options, list(self._pieces), min(self._each + 1, _BATCH_ROWS)))

    def _keep(self, batch: pa.RecordBatch) -> None:
        for name, column in zip(self._pieces, batch.columns, strict=True):
            self._pieces[name].append(canonical_text(column) if name in self._mixed else self._alike(name, column))
        self.rows += batch.num_rows
        PROGRESS.add(batch.num_rows)

    def _alike(self, name: str, column: pa.Array) -> pa.Array:
        """A column of the type that it has in all files in which something stands in it."""
        return pa.nulls(len(column), self._types[name]) if pa.types.is_null(column.type) else plain(column)

    def columns(self) -> dict[str, pa.Array]:
        """What was read, each column in one piece; a column without any piece is an empty column of text."""
        return {name: plain(_joined(pieces)) for name, pieces in self._pieces.items()}


def _joined(pieces: list[pa.Array]) -> pa.Array:
    return pa.chunked_array(pieces, None if pieces else pa.string()).combine_chunks()


def _distinct_rows(faults: Sequence[Fault]) -> int:
    return len(np.unique(np.concatenate([fault.rows for fault in faults]))) if faults else 0
