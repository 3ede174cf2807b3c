"""Parquet: shards of whole row groups; parts whose bytes depend on their rows alone."""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Description, Fault, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.formats.parquet_columns import FileColumns, as_read
from beam_deid.transforms.formats.parquet_delta import Joining, delta_columns, rows_at_once
from beam_deid.transforms.formats.parquet_footer import is_sound
from beam_deid.transforms.formats.parquet_weight import Weighing, batch_rows, check_footer, heavy_columns
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import check_columns
from beam_deid.transforms.storage.paths import is_local
from beam_deid.transforms.terms import Reason

_GROUP_ROWS = 131_072
_DICTIONARY_BYTES = 4
_BROKEN = "The file is truncated, damaged or not Parquet: fetch it again or leave it out"

_DAMAGE = (OSError, pa.ArrowException, KeyError, ValueError, OverflowError)
"""What comes of damage that Arrow does not see: names that are no text, numbers that are none."""
_FLATTEN = "Write the fields of its structs as columns of their own"


class Parquet(Format):
    """Apache Parquet: typed columns in row groups, which are read apart, and metadata that carries the label."""

    name = "parquet"
    describes = True
    suffixes = (".parquet", ".pq")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's columns, those in structs under dotted paths; lists and maps are marked as `LIST`."""
        file = _checked(path)
        try:
            return FileColumns(file, path).schema
        except _DAMAGE:
            raise InputError("the file cannot be read", path, _BROKEN) from None

    def described(self, path: str) -> Description:
        """The number of rows and the schema, from the file's footer."""
        try:
            with open_arrow(path) as stream:
                facts = pq.read_metadata(stream)
            return Description(facts.num_rows, facts.schema.to_arrow_schema())
        except _DAMAGE:
            raise InputError("the file cannot be read as Parquet", path, _BROKEN) from None

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Whole row groups, together about ``rows`` rows."""
        facts = _checked(path).metadata
        shards: list[Shard] = []
        groups: list[int] = []
        held = first = 0
        for group in range(facts.num_row_groups):
            count = facts.row_group(group).num_rows
            if groups and held + count > rows:
                shards.append(Shard(path, self.name, size, tuple(groups), first, held))
                groups = []
                first = first + held
                held = 0
            groups.append(group)
            held += count
        if groups:
            shards.append(Shard(path, self.name, size, tuple(groups), first, held))
        return shards

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read row groups batch by batch; fewer rows at once where they would weigh too much. Lists are null."""
        stream, file = _open(shard.path)
        if file.metadata.num_row_groups <= max(shard.row_groups, default=0):
            raise InputError("the file changed while it was read", shard.path, "Run again when it stays as it is")
        first = shard.first_row
        try:
            there = FileColumns(file, shard.path)
            unread = there.unread(columns)
            _check_unread(unread, spare, shard.path)
            names = [name for name in columns if name not in unread]
            if not names:
                yield from _without_columns(shard, rows, unread)
                return
            for batch in _batches(stream, file, shard, there, names, rows):
                numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield _chunk(batch, numbers, columns, spare)
        except pa.ArrowNotImplementedError:
            raise InputError("a column holds more in a struct than can be read", shard.path, _FLATTEN) from None
        except _DAMAGE:
            raise InputError("the file cannot be read", shard.path, _BROKEN) from None

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """zstd, row groups of 131,072 rows wherever batches end."""
        return _Writer(stream, schema)


class _Writer:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(stream, schema, compression="zstd", compression_level=1)
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        while self._rows >= _GROUP_ROWS:
            self._group(_GROUP_ROWS)

    def close(self) -> None:
        if self._rows:
            self._group(self._rows)
        self._writer.close()

    def _group(self, rows: int) -> None:
        table = pa.Table.from_batches(self._held, self._schema)
        self._writer.write_table(table.slice(0, rows).combine_chunks(), row_group_size=rows)
        rest = table.slice(rows)
        self._held = rest.to_batches()
        self._rows = rest.num_rows


def _check_unread(unread: Sequence[str], spare: Collection[str], path: str) -> None:
    """See that nothing hangs on columns that are not read."""
    needed = [name for name in unread if name not in spare]
    if needed:
        raise InputError(
            "a list, a map, or bytes that are no text are never read",
            f"{path}: {needed[0]}",
            "Give its field kind: free_text, and release it in no way",
        )


def _without_columns(shard: Shard, most: int, unread: Sequence[str]) -> Iterator[Chunk]:
    last = shard.first_row + (shard.rows or 0)
    for first in range(shard.first_row, last, most):
        numbers = np.arange(first, min(first + most, last), dtype=np.int64)
        arrays = [pa.nulls(len(numbers), pa.string()) for _ in unread]
        yield Chunk(pa.RecordBatch.from_arrays(arrays, names=list(unread)), numbers)


def _chunk(
    batch: pa.RecordBatch, numbers: npt.NDArray[np.int64], columns: Sequence[str], spare: Collection[str]
) -> Chunk:
    """The rows of a batch as they are read; those in which bytes are no text are at fault."""
    arrays = []
    faults = []
    sound = np.ones(len(numbers), bool)
    for name in columns:
        if name not in batch.schema.names:
            arrays.append(pa.nulls(len(numbers), pa.string()))
            continue
        column, wrong = as_read(batch.column(name))
        arrays.append(column)
        if wrong is not None and name not in spare:
            faults.append(Fault(numbers[wrong], name, Reason.BAD_ENCODING))
            sound &= ~wrong
    given = pa.RecordBatch.from_arrays(arrays, names=list(columns))
    return Chunk(given if sound.all() else given.filter(pa.array(sound)), numbers[sound], faults)


def _repeating(facts: pq.FileMetaData, columns: Sequence[str]) -> list[str]:
    """The text columns that take so few bytes a value that they are dictionaries in the file."""
    found = []
    wanted = frozenset(columns)
    for index in range(facts.num_columns):
        column = facts.schema.column(index)
        if column.path in wanted and column.physical_type == "BYTE_ARRAY" and facts.num_row_groups:
            chunk = facts.row_group(0).column(index)
            if chunk.total_uncompressed_size < _DICTIONARY_BYTES * max(chunk.num_values, 1):
                found.append(column.path)
    return found


def _open(path: str) -> tuple[pa.NativeFile, pq.ParquetFile]:
    stream = open_arrow(path)
    try:
        file = pq.ParquetFile(stream, pre_buffer=False, page_checksum_verification=True)
    except _DAMAGE:
        raise InputError("the file cannot be read as Parquet", path, _BROKEN) from None
    check_columns(file.metadata.num_columns, path)
    return stream, file


def _checked(path: str) -> pq.ParquetFile:
    stream, file = _open(path)
    try:
        sound = is_sound(stream, file.metadata)
        if sound:
            check_footer(file.metadata, stream.size(), path)
    except _DAMAGE:
        sound = False
    if not sound:
        raise InputError("the file cannot be read as Parquet", path, _BROKEN)
    return file


def _batches(
    stream: pa.NativeFile, file: pq.ParquetFile, shard: Shard, there: FileColumns, names: list[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """The batches of a shard, none heavier than it may be."""
    facts = file.metadata
    groups = list(shard.row_groups)
    rows = batch_rows(facts, names, rows)
    deltas = delta_columns(stream, facts, groups, names)
    if not deltas:
        yield from _others(stream, file, shard, there, names, rows)
        return
    others = [name for name in names if name not in deltas]
    counted = [(group, facts.row_group(group).num_rows) for group in groups]
    batches = (
        _others(stream, file, shard, there, others, rows) if others else _nothing(sum(n for _, n in counted), rows)
    )
    few = _as_dictionaries(stream, facts, [], not is_local(shard.path)).iter_batches(
        rows_at_once(deltas.values(), rows), groups, list(deltas), use_threads=False
    )
    flat = (there.flat(batch, list(deltas)) for batch in few)
    yield from Joining(flat, counted, stream.size(), shard.path).join(batches, names)


def _nothing(rows: int, most: int) -> Iterator[pa.RecordBatch]:
    """So many rows in which nothing stands: a batch without columns would have no rows."""
    for start in range(0, rows, most):
        yield pa.record_batch([pa.nulls(min(most, rows - start))], [""])


def _others(
    stream: pa.NativeFile, file: pq.ParquetFile, shard: Shard, there: FileColumns, names: list[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """The batches of columns of which no value is made of another, as dictionaries where text repeats."""
    facts = file.metadata
    groups = list(shard.row_groups)
    repeating = [name for name in _repeating(facts, names) if not there.is_in_struct(name)]
    heavy = heavy_columns(stream, facts, groups, names, rows)
    far = not is_local(shard.path)
    schema = pa.schema(
        [
            pa.field(one.name, pa.dictionary(pa.int32(), one.type)) if one.name in repeating else one
            for one in there.given(names)
        ]
    )
    coded = [name for name in heavy if not pa.types.is_dictionary(schema.field(name).type)]
    if repeating or coded or far:
        file = _as_dictionaries(stream, facts, [*repeating, *coded], far)
    # Arrow gives no dictionary of a struct's field for several row groups at once.
    apart = any(map(there.is_in_struct, coded))
    several = [[group] for group in groups] if apart else [groups]
    batches = (
        there.flat(batch, names)
        for some in several
        for batch in file.iter_batches(rows, some, names, use_threads=False)
    )
    if not heavy:
        yield from batches
        return
    counted = [(group, facts.row_group(group).num_rows) for group in groups]
    yield from Weighing(schema, heavy, stream.size(), shard.path).cut(batches, counted)


def _as_dictionaries(stream: pa.NativeFile, facts: pq.FileMetaData, columns: list[str], far: bool) -> pq.ParquetFile:
    # From far away every read is a request, and a few large ones are better than many small ones.
    return pq.ParquetFile(
        stream, metadata=facts, read_dictionary=columns, pre_buffer=far, page_checksum_verification=True
    )
