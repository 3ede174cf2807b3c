"""Reads a file of any format whole, as tests look at it."""

from beam_deid.transforms.formats import format_of, format_of_shard
from beam_deid.transforms.formats.input_options import InputOptions


def read_file(path, columns=None, rows=1000, **options):
    """``(names, {row: values}, {(row, field): reason})`` of a file, read in chunks of so many rows."""
    asked = InputOptions(**options)
    kind = format_of(str(path), asked)
    names = columns or kind.schema(str(path), asked).names
    records = {}
    faults = {}
    for shard in kind.shards(str(path), path.stat().st_size, asked, rows):
        for chunk in format_of_shard(shard, asked).read(shard, asked, names, rows):
            values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
            records.update(zip(chunk.rows.tolist(), values, strict=True))
            for fault in chunk.faults:
                faults.update(((row, fault.field), str(fault.reason)) for row in fault.rows.tolist())
    return names, records, faults
