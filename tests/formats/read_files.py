"""Reads a file with its format, as a run does."""

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions


def read_file(path, options=None, rows=1000, cut=10**9):
    """``(names, {row: {name: value}}, {row: reason})`` of a file that is cut into shards of at most ``cut`` rows."""
    options = options or InputOptions()
    kind = format_of(str(path), options)
    names = kind.schema(str(path), options).names
    records = {}
    faults = {}
    for shard in kind.shards(str(path), path.stat().st_size, options, cut):
        for chunk in kind.read(shard, options, names, rows):
            records.update(zip(chunk.rows.tolist(), chunk.batch.to_pylist(), strict=True))
            faults.update((row, str(fault.reason)) for fault in chunk.faults for row in fault.rows.tolist())
    return names, records, faults
