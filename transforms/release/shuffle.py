"""Shuffling: the rows of an anonymized release, freed from the order of their source.

A row's place is an attribute that its source and every sibling release share, so it must say nothing. Released rows are
sorted into parts by a hash of their values, and within a part they are ordered by their values. Part and place then follow
from released values alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.by_values import by_values, exact
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.ordering import ordering
from beam_deid.transforms.release.releaser import Released
from beam_deid.transforms.risk.histogram import Counts

QUOTA = "beam_deid.quota"
GROUP = "beam_deid.group"
ROW = "beam_deid.row"
COUNT = "beam_deid.count"
PLACING = {QUOTA: pa.int64(), GROUP: pa.uint64(), ROW: pa.uint64()}
"""Columns of rows that are not yet in their part; no part has one: the row's quota, and the hashes of the values that groups are
made by and of all its values. Condensed rows have `COUNT` as well: how many of each there are."""


class Piece(NamedTuple):
    """Released rows on their way to a collection.

    Attributes:
        part: The number of the part that they are shuffled into; None where they stay as they came.
        batch: The rows.
    """

    part: int | None
    batch: pa.RecordBatch


def placed(released: Released, rest: Sequence[str]) -> pa.RecordBatch:
    """Released rows with the columns by which they find their place.

    Args:
        released: The rows, n of them.
        rest: The columns by which groups are made.
    """
    batch = released.batch
    hashed = {name: ordering(batch.column(name)) for name in batch.schema.names}
    group = combine([hashed[name] for name in rest], batch.num_rows)
    row = combine(hashed.values(), batch.num_rows)
    placing = {QUOTA: released.quota, GROUP: group, ROW: row}
    return _with(batch, {name: pa.array(values) for name, values in placing.items()})


def placed_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of placed rows, by that of the released ones."""
    for name, kind in PLACING.items():
        schema = schema.append(pa.field(name, kind))
    return schema


def parts_of(rows: pa.RecordBatch, parts: int) -> npt.NDArray[np.int64]:
    """The number of the part that each placed row goes to, int64 (n,): rows that are alike in their group go to one."""
    return (numbers(rows, GROUP) % np.uint64(parts)).astype(np.int64)


def condensed(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Placed rows in the order of their values, each kind once with its `COUNT`; rows are of a kind if values and quota are equal.

    Args:
        rows: The rows, in any order; some may be condensed already.
    """
    rows = _counted(rows).take(pa.array(value_order(rows)))
    tied = _same(rows, GROUP) & _same(rows, ROW)
    alike = _alike(rows, tied)
    if not np.array_equal(tied, alike):
        # Values that differ have one hash: somebody made them so. Then the values themselves tell the order.
        rows = rows.take(_by_values(rows))
        alike = _alike(rows, _same(rows, GROUP) & _same(rows, ROW))
    return _merged(rows, alike & _same(rows, QUOTA))


def value_order(rows: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """An order of placed rows that follows from their values alone, group by group, int64 (n,).

    Rows that tie are equal in every released value, unless somebody has made values of one hash, so that whichever comes first
    the bytes are the same.
    """
    return np.lexsort((numbers(rows, QUOTA), numbers(rows, ROW), numbers(rows, GROUP)))


def is_new(rows: pa.RecordBatch) -> Bools:
    """Which condensed rows have other values than the one before, bool (n,)."""
    tied = _same(rows, GROUP) & _same(rows, ROW)
    return np.append(True, ~_alike(rows, tied))[: rows.num_rows]


def numbers(rows: pa.RecordBatch, name: str) -> np.ndarray:
    """A column of placed rows as numbers, (n,), int64 or uint64."""
    return np.asarray(rows.column(name).to_numpy(zero_copy_only=True))


def values_of(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The released values of placed rows, without what places them."""
    return rows.select([name for name in rows.schema.names if name not in PLACING and name != COUNT])


def _counted(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows with the number of each."""
    if COUNT in rows.schema.names:
        return rows
    return _with(rows, {COUNT: pa.array(np.ones(rows.num_rows, np.int64))})


def _same(rows: pa.RecordBatch, name: str) -> Bools:
    """Whether each row but the first has the number of the one before, bool (n - 1,)."""
    found = numbers(rows, name)
    return np.asarray(found[1:] == found[:-1])


def _alike(rows: pa.RecordBatch, tied: Bools) -> Bools:
    """Whether each row but the first has all values of the one before, of those that may have; both bool (n - 1,)."""
    if not tied.any():
        return tied
    found = tied.copy()
    for column in values_of(rows).columns:
        found &= _equal(exact(column[1:]), exact(column[:-1]))
    return found


def _equal(some: pa.Array, others: pa.Array) -> Bools:
    """Whether values are the same, two nulls as well."""
    if pa.types.is_null(some.type):  # which Arrow compares with nothing
        return np.ones(len(some), bool)
    both_null = pc.and_(pc.is_null(some), pc.is_null(others))
    found = pc.coalesce(pc.equal(some, others), both_null)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _by_values(rows: pa.RecordBatch) -> pa.Array:
    """An order within those of one hash by the values themselves."""
    values = values_of(rows)
    released = {str(place): column for place, column in enumerate(values.columns)}
    return by_values({GROUP: rows.column(GROUP), ROW: rows.column(ROW), **released, QUOTA: rows.column(QUOTA)})


def _merged(rows: pa.RecordBatch, repeated: Bools) -> pa.RecordBatch:
    """Rows without those that repeat the one before, whose number is added to it."""
    if not repeated.any():
        return rows
    first = np.append(True, ~repeated)
    counts: Counts = np.add.reduceat(numbers(rows, COUNT), np.flatnonzero(first))
    kept = rows.filter(pa.array(first))
    return kept.set_column(kept.schema.get_field_index(COUNT), COUNT, pa.array(counts))


def _with(batch: pa.RecordBatch, columns: dict[str, pa.Array]) -> pa.RecordBatch:
    for name, column in columns.items():
        batch = batch.append_column(name, column)
    return batch
