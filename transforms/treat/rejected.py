"""``rejected.parquet`` and ``rejected.csv``: where each rejected value was and why, never the value."""

from collections import Counter
from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.output_options import OutputOptions

Rejects = list[tuple[str, int, str, str, str]]
"""Rows of the file: file, row, field, reason, release ("" where it holds for all).

A row has the number that it has for whoever opens the file: see `beam_deid.transforms.formats.format.reported`.
"""

_FOR_SPREADSHEETS = OutputOptions(bom=True)

REJECTED = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("release", pa.string()),
    ]
)


def records_by_reason(rejects: Rejects, release: str) -> dict[str, int]:
    """How many records of a release were rejected for each reason; a record has its first one, by the names of its fields.

    Args:
        rejects: What was rejected, in its order.
        release: The release; what holds for all releases holds for it.
    """
    first: dict[tuple[str, int], str] = {}
    for file, row, _, reason, which in rejects:
        if which in ("", release):
            first.setdefault((file, row), reason)
    return dict(sorted(Counter(first.values()).items()))


def write_rejects(stream: BinaryIO, rejects: Rejects, written_as: str = "parquet") -> None:
    """Write the file, as Parquet or as CSV that spreadsheets open; the stream stays open.

    Raises:
        OSError: It cannot be written.
    """
    arrays = [pa.array([reject[i] for reject in rejects], kind) for i, kind in enumerate(REJECTED.types)]
    writer = format_named(written_as).writer(stream, REJECTED, _FOR_SPREADSHEETS)
    writer.write(pa.RecordBatch.from_arrays(arrays, schema=REJECTED))
    writer.close()
