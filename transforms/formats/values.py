"""Values of files as they are meant: without what spreadsheets put around them, and null where they stand for nothing."""

import pyarrow as pa

from beam_deid.transforms.columns.distinct import is_text
from beam_deid.transforms.columns.read_as import given_text
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.formats.input_options import InputOptions


def meant(batch: pa.RecordBatch, of_spreadsheets: bool, options: InputOptions) -> pa.RecordBatch:
    """A batch of a file, with its texts as they are meant.

    Args:
        batch: The batch as it was read.
        of_spreadsheets: Whether spreadsheets write such files.
        options: How the file is written.
    """
    reading = Reading(dress=options.dress(of_spreadsheets), nulls=options.nulls)
    columns = [_meant(column, reading) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _meant(column: pa.Array, reading: Reading) -> pa.Array:
    if not is_text(column.type):
        return column
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, _meant(column.dictionary, reading))
    return given_text(column, reading)[0]
