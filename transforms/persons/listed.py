"""Lists of persons in files of any format: their columns as they are meant, a piece at a time, and what could not be read."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.storage.files import InputFile
from beam_deid.transforms.storage.paths import shown

_ROWS = 1 << 17
_SHARD_ROWS = 1 << 20


class ListedRows(NamedTuple):
    """Some rows of a list.

    Attributes:
        batch: The wanted columns, in the wanted order.
        unreadable: How many rows of the file could not be read and are not in it.
        of_spreadsheets: Whether spreadsheets write such files.
    """

    batch: pa.RecordBatch
    unreadable: int
    of_spreadsheets: bool


def columns_of(file: InputFile, options: InputOptions) -> tuple[str, ...]:
    """The columns of a file, reading no more than its head.

    Raises:
        InputError: It cannot be read.
    """
    return tuple(format_of(file.path, options, file.partitions).schema(file.path, options).names)


def listed_rows(files: Sequence[InputFile], options: InputOptions, columns: Sequence[str]) -> Iterator[ListedRows]:
    """Read some columns of all files, no more than a piece of one at a time.

    Args:
        files: The files.
        options: How they are written.
        columns: The wanted columns.

    Raises:
        InputError: A file cannot be read, or lacks a column.
    """
    for file in files:
        form = format_of(file.path, options, file.partitions)
        lacking = [name for name in columns if name not in columns_of(file, options)]
        if lacking:
            raise InputError(f"there is no column {lacking[0]}", file.told or shown(file.path), _step(file, options))
        for shard in form.shards(file.path, file.size, options, _SHARD_ROWS):
            for chunk in form.read(shard, options, columns, _ROWS):
                faults = sum(len(fault.rows) for fault in chunk.faults)
                of_spreadsheets = form.notation.of_spreadsheets
                yield ListedRows(meant(chunk.batch, of_spreadsheets, options), faults, of_spreadsheets)


def _step(file: InputFile, options: InputOptions) -> str:
    return f"It has: {', '.join(columns_of(file, options))}"
