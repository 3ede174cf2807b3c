"""The table of a request: pairs of fingerprints, in order, each once.

Of persons who were erased they are the two halves of 128 bits of an identity, so that a later run knows a record of theirs by
whichever identity. Of a corrected record they are its number's and that of all it says now. They are keyed by the register's key,
so that nobody without it can test a guess.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.opening import check_file, keys_of, opened, parquet, reading, unusable
from beam_deid.transforms.register.writing import GROUP_ROWS, write_groups

_FIRST = "first"
_SECOND = "second"
_SCHEMA = pa.schema([pa.field(name, pa.uint64(), nullable=False) for name in (_FIRST, _SECOND)])


def write_pairs(path: str, pairs: Words) -> tuple[int, int, str]:
    """Write a table.

    Args:
        path: The new file; see `write_groups`.
        pairs: The fingerprints, shape (n, 2), in any order, also several times.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
    """
    found = np.unique(pairs, axis=0)
    groups = (
        pa.table([pa.array(found[begin : begin + GROUP_ROWS, at]) for at in (0, 1)], schema=_SCHEMA)
        for begin in range(0, len(found), GROUP_ROWS)
    )
    return write_groups(path, _SCHEMA, groups, [_FIRST])


def read_pairs(register: str, table: Table) -> Iterator[Words]:
    """Read a table, a part at a time, each of shape (n, 2).

    Args:
        register: The register's folder.
        table: What the register says of it.

    Raises:
        UsageError: It is missing, damaged, or not what the register says.
    """
    path = table_path(register, table.file)
    check_file(path, table)
    with opened(path) as stream, reading(path):
        file = parquet(stream, path)
        if file.schema_arrow.names != _SCHEMA.names or file.metadata.num_rows != table.rows:
            raise unusable(path, "it is no table of a request")
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            yield np.stack([keys_of(rows.column(name)) for name in _SCHEMA.names], axis=1)
