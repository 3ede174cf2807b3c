"""Files of any dataset, read as they are: whoever wrote them, one row that cannot be read stops it."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from beam_deid.transforms.columns.distinct import plain_type
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.run.job import SHARD_ROWS
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.storage.paths import name_of

_BATCH_ROWS = 1 << 17
_LABEL = "label.json"


def dataset_files(globs: Sequence[str]) -> list[InputFile]:
    """The files that match; a release's ``label.json`` beside its parts is left out."""
    return [file for file in match(globs) if name_of(file.path) != _LABEL]


def shards(file: InputFile, options: InputOptions) -> list[Shard]:
    """The shards of a file."""
    return format_of(file.path, options).shards(file.path, file.size, options, SHARD_ROWS)


def batches(shard: Shard, options: InputOptions, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a shard.

    Raises:
        InputError: It cannot be read, or a row of it.
    """
    kind = format_of(shard.path, options)
    for chunk in kind.read(shard, options, columns, _BATCH_ROWS):
        if chunk.faults:
            fault = chunk.faults[0]
            raise InputError(
                f"row {int(fault.rows[0])} cannot be read ({fault.reason})",
                shard.path,
                "Mend the file, or leave that row out",
            )
        yield meant(chunk.batch, kind.of_spreadsheets, options)


def plain_types(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The type of each column, without its dictionary."""
    return dict(zip(schema.names, map(plain_type, schema.types), strict=True))
