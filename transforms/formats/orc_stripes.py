"""Stripes of an ORC file. It runs in a process of its own, for a damaged file can stop the reader."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyarrow import orc

from beam_deid.transforms.formats.reader_child import Given
from beam_deid.transforms.storage.files import open_arrow


def answer(path: str, stripes: Sequence[int], columns: Sequence[str]) -> Given:
    """Columns of some stripes, a batch for each; of none, the schema of all columns, and the rows that each stripe has."""
    file = orc.ORCFile(open_arrow(path))
    if not stripes:
        return {"rows": [_stripe(file, number, ()).num_rows for number in range(file.nstripes)]}, file.schema, []
    first = _stripe(file, stripes[0], columns)
    return {}, first.schema, _batches(file, first, stripes[1:], columns)


def _batches(
    file: orc.ORCFile, first: pa.RecordBatch, stripes: Sequence[int], columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    yield first
    for number in stripes:
        yield _stripe(file, number, columns)


def _stripe(file: orc.ORCFile, number: int, columns: Sequence[str]) -> pa.RecordBatch:
    # A stripe of which nothing is read would have no rows.
    there = set(file.schema.names)
    return file.read_stripe(
        number, [*dict.fromkeys(name for name in (*columns, file.schema.names[0]) if name in there)]
    )
