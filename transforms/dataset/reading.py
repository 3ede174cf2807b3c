"""Files of any dataset, read as they are: whoever wrote them, one row that cannot be read stops it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from beam_deid.transforms.columns.distinct import plain_type
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named, format_of, format_of_shard
from beam_deid.transforms.formats.fill_down import Spelling, as_written
from beam_deid.transforms.formats.format import Shard, reported
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.run.job import SHARD_ROWS
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.storage.paths import BESIDE_PARTS, name_of

OrderIn = Callable[[bool], Spelling]
"""Gives the spelling in which a row's order is compared, in files that spreadsheets write or in others."""

_BATCH_ROWS = 1 << 17


def dataset_files(globs: Sequence[str]) -> list[InputFile]:
    """The files that match; a release's label and report beside its parts are left out."""
    return [file for file in match(globs) if name_of(file.path) not in BESIDE_PARTS]


def shards(file: InputFile, options: InputOptions) -> list[Shard]:
    """The shards of a file."""
    cut = format_of(file.path, options, file.partitions).shards(file.path, file.size, options, SHARD_ROWS)
    return [replace(shard, partitions=file.partitions) for shard in cut]


def batches(
    shard: Shard,
    options: InputOptions,
    columns: Sequence[str],
    types: Mapping[str, pa.DataType] | None = None,
    order_in: OrderIn | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a shard.

    Args:
        shard: The shard.
        options: How its file is written.
        columns: The columns.
        types: The types that columns have in all files: one of nothing but nulls has none of its own.
        order_in: How values that say a row's order are spelt where they are compared; by default as they are written.

    Raises:
        InputError: It cannot be read, or a row of it.
    """
    of_spreadsheets = format_named(shard.format).notation.of_spreadsheets
    kind = format_of_shard(shard, options, order_in(of_spreadsheets) if order_in else as_written)
    for chunk in kind.read(shard, options, columns, _BATCH_ROWS):
        if chunk.faults:
            fault = chunk.faults[0]
            raise InputError(
                f"row {reported(int(fault.rows[0]), chunk.above)} cannot be read ({fault.reason})",
                shard.path,
                "Fix the file, or leave that row out",
            )
        batch = meant(chunk.batch, kind.notation.of_spreadsheets, options)
        arrays = [
            pa.nulls(len(column), types[name]) if types and pa.types.is_null(column.type) else column
            for name, column in zip(columns, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=list(columns)) if arrays else batch


def types_of(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The type of each column that can be read, without its dictionary: lists cannot."""
    return {name: kind for name, kind in plain_types(schema).items() if schema.field(name).metadata != LIST}


def plain_types(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The type of each column, without its dictionary."""
    return dict(zip(schema.names, map(plain_type, schema.types), strict=True))
