"""The register's tables of fingerprints as they are written: one of each release, and one of all persons of a run.

The table of a release has a row for each released record. The rows are ordered by the records' fingerprints, an order that
says nothing of the source's. These are uniform over all 64-bit numbers, so that equal ranges of them cut all tables alike.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.register.prints import RECORD, Prints, row_order
from beam_deid.transforms.register.writing import GROUP_ROWS, write_groups

IDENTITIES = b"identities"
"""Where a file's metadata say as JSON which identities there are: all of a run, or of each release that shares the file."""
IDENTITY = "identity"
PERSON = "person"


def write_prints(path: str, parts: Iterable[Prints]) -> tuple[int, int, str]:
    """Write the table of one release. Its bytes depend on the rows alone, and not on their order, nor on how many parts there are.

    Args:
        path: The new file; see `write_groups`.
        parts: The rows: one part at least, all of the same columns, each with its rows in any order. The records of a part are
            greater than those of all parts before it. One part at a time is in memory.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
        ValueError: The columns of a part are not all of one shape (n,), or there is no part.
    """
    rest = iter(parts)
    first = next(rest, None)
    if first is None:
        raise ValueError("a table of fingerprints has one part at least")
    schema = pa.schema([pa.field(name, pa.uint64(), nullable=False) for name in _columns(first)])
    tables = (table for part in chain([first], rest) for table in _ordered(_columns(part), schema))
    return write_groups(path, schema, _groups(tables, schema), [RECORD])


def _columns(part: Prints) -> dict[str, Fingerprints]:
    columns = part.columns
    if any(keys.shape != (len(part.record),) for keys in columns.values()):
        raise ValueError("fingerprints of a table are columns of one length")
    return columns


def _ordered(columns: Mapping[str, Fingerprints], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of a part by record, so many at a time as a row group has: no more of them are copied at once."""
    order = row_order(columns)
    for begin in range(0, len(order), GROUP_ROWS):
        rows = order[begin : begin + GROUP_ROWS]
        yield pa.table([pa.array(keys[rows]) for keys in columns.values()], schema=schema)


def _groups(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of some tables, as many in each group as may be."""
    rest = schema.empty_table()
    for table in tables:
        rest = pa.concat_tables([rest, table])
        while rest.num_rows >= GROUP_ROWS:
            yield rest.slice(0, GROUP_ROWS).combine_chunks()
            rest = rest.slice(GROUP_ROWS)
    if rest.num_rows:
        yield rest.combine_chunks()


def write_persons(path: str, persons: Mapping[str, Iterable[Fingerprints]]) -> tuple[int, int, str]:
    """Write the distinct persons of a run by every identity, in order.

    Args:
        path: The new file; see `write_groups`.
        persons: By each identity parts of fingerprints, each of shape (m,), in any order, also several times. Those of a part are
            greater than those of all parts before it.

    Returns:
        Rows, bytes, and SHA-256 of the bytes in hex.

    Raises:
        OutputError: It cannot be written.
    """
    names = sorted(persons)
    fields = [pa.field(IDENTITY, pa.string(), nullable=False), pa.field(PERSON, pa.uint64(), nullable=False)]
    # An identity that nobody has would have no row.
    schema = pa.schema(fields, metadata={IDENTITIES: json.dumps(names).encode()})
    groups = (group for name in names for group in _groups(_distinct(name, persons[name], schema), schema))
    return write_groups(path, schema, groups, [PERSON])


def _distinct(identity: str, parts: Iterable[Fingerprints], schema: pa.Schema) -> Iterator[pa.Table]:
    for persons in parts:
        found, _ = runs(persons)
        for begin in range(0, len(found), GROUP_ROWS):
            some = pa.array(found[begin : begin + GROUP_ROWS])
            yield pa.table([pa.repeat(identity, len(some)), some], schema=schema)
