"""``rejected.parquet``: where each rejected value was and why, never the value."""

import contextlib

import pyarrow as pa

from beam_deid.transforms.formats import format_named
from beam_deid.transforms.records.parts import HashingStream
from beam_deid.transforms.storage.files import open_write

Rejects = list[tuple[str, int, str, str, str]]
"""Rows of the file: file, row, field, reason, release ("" where it holds for all)."""

REJECTED = pa.schema(
    [("file", pa.string()), ("row", pa.int64()), ("field", pa.string()), ("reason", pa.string()),
     ("release", pa.string())]
)  # fmt: skip


def write_rejected(path: str, rejects: Rejects) -> tuple[int, str]:
    """Write the file.

    Returns:
        Its bytes and their SHA-256, in hex.

    Raises:
        OSError: It cannot be written.
    """
    arrays = [pa.array([reject[i] for reject in rejects], kind) for i, kind in enumerate(REJECTED.types)]
    batch = pa.RecordBatch.from_arrays(arrays, schema=REJECTED)
    with contextlib.closing(HashingStream(open_write(path))) as stream:
        writer = format_named("parquet").writer(stream, REJECTED)  # type: ignore[arg-type]
        writer.write(batch)
        writer.close()
    return stream.tell(), stream.sha256.hexdigest()
