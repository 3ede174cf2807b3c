"""Shuffling: the rows of an anonymized release, freed from the order of their source.

A row's place is an attribute that its source and every sibling release share, so it must say nothing. Released rows are
sorted into parts by a hash of their values, and within a part they are ordered by their values. Part and place then follow
from released values alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.columns.ordering import ordering
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.facts import PartFacts
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import WrittenPart

QUOTA = "beam_deid.quota"
"""The column of quotas, in rows that are not yet in their part; no part has it."""


class Piece(NamedTuple):
    """Released rows on their way to a collection.

    Attributes:
        part: The number of the part that they are shuffled into; None where they stay as they came.
        batch: The rows.
    """

    part: int | None
    batch: pa.RecordBatch


@dataclass(frozen=True)
class Arranged:
    """The rows of a part.

    Attributes:
        rows: The rows, in an order that follows from their values alone.
        values: The key of all values of each, computed from the rows themselves, shape (n,).
        left_out: Rows that were more of a kind than are released of it.
    """

    rows: pa.Table
    values: Fingerprints
    left_out: int

    def facts(self, *files: WrittenPart) -> PartFacts:
        """What was done, for the proof; the part as well where it was written to a file."""
        counted = total([(self.values, np.ones(len(self.values), np.int64))])
        return PartFacts(list(files), classes=counted, suppressed=self.left_out)


def arranged(job: Job, decision: ReleaseDecision, rows: pa.Table) -> Arranged:
    """The rows of a part in an order that follows from their values alone, no more of a kind than its quota.

    Args:
        job: The run.
        decision: The release.
        rows: All rows of the part, in any order, with the column of their quotas.

    Raises:
        InternalFault: Rows that differ have one key.
    """
    given = rows.num_rows
    rows = _within_quotas(rows, decision)
    layout = job.layouts[decision.release]
    columns = {name: rows.column(name) for name in rows.schema.names}
    values = combine([fingerprint(columns[name], job.prints) for name in layout.fields], rows.num_rows)
    _compared(rows, values, decision.release)
    order = value_order(rows, layout.rest)
    return Arranged(rows.take(pa.array(order)), values[order], given - rows.num_rows)


def part_of(batch: pa.RecordBatch, rest: Sequence[str]) -> Fingerprints:
    """A number that says which part each row goes to, the same for rows that are alike in some columns, shape (n,)."""
    return combine([ordering(batch.column(name)) for name in rest], batch.num_rows)


def value_order(rows: pa.Table, rest: Sequence[str]) -> np.ndarray:
    """An order of released rows that follows from their values alone, group by group.

    Rows that tie are equal in every released value, so whichever comes first, the bytes are the same.
    """
    hashed = {name: ordering(rows.column(name)) for name in rows.schema.names}
    groups = combine([hashed[name] for name in rest], rows.num_rows)
    each = combine(hashed.values(), rows.num_rows)
    order = np.lexsort((each, groups))
    if len(np.unique(each)) == rows.group_by(rows.schema.names, use_threads=False).aggregate([]).num_rows:
        return order
    # Values that differ have one hash: somebody made them so. Then the values themselves tell the order; floats by their bits,
    # for 0.0 and -0.0 would tie.
    for place, one in enumerate(rows.schema):
        if pa.types.is_floating(one.type):
            rows = rows.set_column(place, one.name, pa.array(hashed[one.name]))
    return np.asarray(pc.sort_indices(rows, [(name, "ascending") for name in rows.schema.names]).to_numpy())


def _within_quotas(rows: pa.Table, decision: ReleaseDecision) -> pa.Table:
    """No more rows of a kind than are released of it. They are alike, so whichever stay, the bytes are the same."""
    quota = rows.column(QUOTA).to_numpy()
    rows = rows.drop_columns([QUOTA])
    limited = np.flatnonzero(quota >= 0)
    if not len(limited):
        return rows
    order = limited[np.argsort(quota[limited], kind="stable")]
    turn = np.arange(len(order)) - np.searchsorted(quota[order], quota[order], side="left")
    kept = np.ones(rows.num_rows, bool)
    kept[order] = turn < decision.quotas[1][quota[order]]
    return rows.filter(pa.array(kept))


def _compared(rows: pa.Table, values: Fingerprints, release: str) -> None:
    """See that rows with one key are equal in every value that is written.

    Raises:
        InternalFault: Two that differ have one key.
    """
    distinct = rows.group_by(rows.schema.names, use_threads=False).aggregate([]).num_rows
    if distinct != len(np.unique(values)):
        raise InternalFault(
            "values that differ have one fingerprint, so nothing that was counted can be relied on",
            f"release {release}",
            "Run again: the fingerprints of another run are others",
        )
