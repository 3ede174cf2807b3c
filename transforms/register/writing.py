"""Writing tables of fingerprints to files: compact, with the same bytes for the same rows, and hashed while they are written."""

from collections.abc import Collection, Iterable
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.storage.files import advice, open_write, reason
from beam_deid.transforms.storage.hashing import HashingStream
from beam_deid.transforms.storage.paths import shown

GROUP_ROWS = 65_536
"""Most rows of a row group."""

_BITS = 64
_LEVEL = 1
"""Of zstd. Fingerprints are random: what can be saved, their encoding saves, and higher levels gain nothing."""


def write_groups(
    path: str, schema: pa.Schema, groups: Iterable[pa.Table], ordered: Collection[str]
) -> tuple[int, int, str]:
    """Write tables as the row groups of one Parquet file.

    Pages have checksums, so that a reader need not trust the disk. A file that could not be written whole may be there, torn,
    on an object store: write under a name of the attempt's own.

    Args:
        path: The new file.
        schema: Schema of all groups; its metadata stands at the file's end.
        groups: A row group each, none of more than `GROUP_ROWS` rows. By the first it is decided how columns are encoded.
        ordered: Columns that ascend within a group, most of the time: their differences are written, and statistics of them.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        with open_write(path) as stream:
            hashing = HashingStream(stream)
            rows = _write(hashing, schema, groups, ordered)
            return rows, hashing.tell(), hashing.sha256.hexdigest()
    except OSError as error:
        said = reason(error)
        raise OutputError(
            f"a table of the register cannot be written ({said})",
            shown(path),
            advice(said, "Free space there and run again"),
        ) from None


def _write(stream: HashingStream, schema: pa.Schema, groups: Iterable[pa.Table], ordered: Collection[str]) -> int:
    rest = iter(groups)
    first = next(rest, schema.empty_table())
    repeating = [name for name in schema.names if name not in ordered and _repeats(first.column(name))]
    options = {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": repeating,
        "column_encoding": dict.fromkeys(ordered, "DELTA_BINARY_PACKED"),
        "write_statistics": list(ordered),
        "write_page_checksum": True,
        "store_schema": False,
    }
    rows = 0
    with pq.ParquetWriter(stream, schema, **options) as writer:
        for group in chain([first] if first.num_rows else [], rest):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            rows += group.num_rows
        if schema.metadata:
            writer.add_key_value_metadata(schema.metadata)
    return rows


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary of a column's values, and numbers in it, take less than the values themselves."""
    if pa.types.is_boolean(column.type):
        return False
    valid = len(column) - column.null_count
    distinct = pc.count_distinct(column).as_py()
    number = max(distinct - 1, 1).bit_length()
    return bool(distinct * _BITS + valid * number <= valid * _BITS)
