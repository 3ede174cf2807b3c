"""``rejected.parquet``: where each rejected value was and why, never the value."""

from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats import format_named

Rejects = list[tuple[str, int, str, str, str]]
"""Rows of the file: file, row, field, reason, release ("" where it holds for all)."""

REJECTED = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("release", pa.string()),
    ]
)


def write_rejects(stream: BinaryIO, rejects: Rejects) -> None:
    """Write the file; the stream stays open.

    Raises:
        OSError: It cannot be written.
    """
    arrays = [pa.array([reject[i] for reject in rejects], kind) for i, kind in enumerate(REJECTED.types)]
    writer = format_named("parquet").writer(stream, REJECTED)
    writer.write(pa.RecordBatch.from_arrays(arrays, schema=REJECTED))
    writer.close()
