"""The register's tables of fingerprints as they are written: one of each release, and one of all persons of a run.

The table of a release has a row for each released record. The rows are ordered by the records' fingerprints, an order that
says nothing of the source's. These are uniform over all 64-bit numbers, so that equal ranges of them cut all tables alike.
"""

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.register.prints import RECORD, Prints, row_order
from beam_deid.transforms.register.writing import GROUP_ROWS, write_groups

IDENTITIES = b"identities"
"""Where a file's metadata say as JSON which identities there are: all of a run, or of each release that shares the file."""
_IDENTITY = "identity"
_PERSON = "person"


def write_prints(path: str, prints: Prints) -> tuple[int, int, str]:
    """Write the table of one release. Its bytes depend on the rows alone, and not on their order.

    Args:
        path: The new file; see `write_groups`.
        prints: The rows, in any order.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
        ValueError: The columns are not all of one shape (n,).
    """
    columns = prints.columns
    if any(keys.shape != (len(prints.record),) for keys in columns.values()):
        raise ValueError("fingerprints of a table are columns of one length")
    schema = pa.schema([pa.field(name, pa.uint64(), nullable=False) for name in columns])
    return write_groups(path, schema, _ordered(columns, schema), [RECORD])


def _ordered(columns: Mapping[str, Fingerprints], schema: pa.Schema) -> Iterator[pa.Table]:
    """Groups of rows by record. No more than the rows of a group are copied at once."""
    order = row_order(columns)
    for begin in range(0, len(order), GROUP_ROWS):
        rows = order[begin : begin + GROUP_ROWS]
        yield pa.table([pa.array(keys[rows]) for keys in columns.values()], schema=schema)


def write_persons(path: str, persons: Mapping[str, Fingerprints]) -> tuple[int, int, str]:
    """Write the distinct persons of a run by every identity, in order.

    Args:
        path: The new file; see `write_groups`.
        persons: By each identity fingerprints of shape (m,), in any order, also several times.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
    """
    names = sorted(persons)
    fields = [pa.field(_IDENTITY, pa.string(), nullable=False), pa.field(_PERSON, pa.uint64(), nullable=False)]
    # An identity that nobody has would have no row.
    schema = pa.schema(fields, metadata={IDENTITIES: json.dumps(names).encode()})
    groups = (group for name in names for group in _distinct(name, persons[name], schema))
    return write_groups(path, schema, groups, [_PERSON])


def _distinct(identity: str, persons: Fingerprints, schema: pa.Schema) -> Iterator[pa.Table]:
    found, _ = runs(persons)
    for begin in range(0, len(found), GROUP_ROWS):
        some = pa.array(found[begin : begin + GROUP_ROWS])
        yield pa.table([pa.repeat(identity, len(some)), some], schema=schema)
