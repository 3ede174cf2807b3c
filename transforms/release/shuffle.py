"""Mixing: the rows of an anonymized release, freed from the order of their source.

A row's place is an attribute that its source and every sibling release share, so it must say nothing. Each shard
sorts its released rows into pieces by class key; a part is put together from one piece of every shard, and its rows
are ordered by their released values. Part and place then follow from released values alone.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.columns.ordering import ordering
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import InputError, InternalFault, OutputError
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.files import open_arrow, open_write, reason
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.treat.part import Part, WrittenPart, new_attempt


def piece_path(staging: str, release: str, shard: int, attempt: str, part: int) -> str:
    """The piece of a shard that goes into a part, as one attempt at the shard wrote it."""
    return join(staging, "pieces", release, f"{part:05d}-{shard:05d}-{attempt}.arrow")


QUOTA = "beam_deid.quota"
"""What the column of quotas is called in a piece; no part has it."""


class Pieces:
    """Sorts the rows of one shard into pieces, as Arrow IPC streams.

    Args:
        job: The run.
        staging: The staging folder.
        decision: The release.
        shard: The shard's number.
        schema: Schema of the released batches.

    Raises:
        OutputError: A piece cannot be written.
    """

    def __init__(self, job: Job, staging: str, decision: ReleaseDecision, shard: int, schema: pa.Schema) -> None:
        self._parts = np.uint64(decision.parts)
        self._where = shown(join(staging, "pieces", decision.release))
        self._rest = job.layouts[decision.release].rest
        self.files: list[WrittenPart] = []
        self.attempt = new_attempt()
        self._streams = []
        self._writers = []
        try:
            for part in range(decision.parts):
                stream = open_write(piece_path(staging, decision.release, shard, self.attempt, part))
                self._streams.append(stream)
                self._writers.append(pa.ipc.new_stream(stream, schema.append(pa.field(QUOTA, pa.int64()))))
        except OSError as error:
            raise self._fault(error) from None

    def __call__(self, batch: pa.RecordBatch, values: Fingerprints, quota: np.ndarray) -> None:
        """Append rows (n,), each with the quota that it falls under (n,)."""
        part = part_of(batch, self._rest) % self._parts
        batch = batch.append_column(QUOTA, pa.array(quota))
        try:
            for number, writer in enumerate(self._writers):
                chosen = part == np.uint64(number)
                if chosen.any():
                    writer.write_batch(batch if chosen.all() else batch.filter(pa.array(chosen)))
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Finish all pieces."""
        try:
            with contextlib.ExitStack() as streams:  # all are closed, whatever one of them raises
                for stream in self._streams:
                    streams.callback(stream.close)
                for writer in self._writers:
                    writer.close()
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(f"a part cannot be written ({reason(error)})", self._where, "Free space there and run again")


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


def assemble(
    job: Job, decision: ReleaseDecision, staging: str, number: int, attempts: Mapping[int, str]
) -> tuple[WrittenPart, Arranged]:
    """Put one part together from the pieces of all shards.

    Args:
        job: The run.
        decision: The release.
        staging: The staging folder.
        number: The part's number.
        attempts: The attempt that counts, by the number of the shard.

    Returns:
        The part, and what it holds.

    Raises:
        OutputError: A piece is not what was written, or the part cannot be written.
        InternalFault: Rows that differ have one key.
    """
    tables = [
        _piece(piece_path(staging, decision.release, shard, attempts[shard], number)) for shard in range(job.shards)
    ]
    made = arranged(job, decision, pa.concat_tables(tables).combine_chunks())
    kind = job.policy.releases[decision.release].format
    part = Part(staging, decision.release, number, kind, made.rows.schema)
    try:
        for batch in made.rows.to_batches(BATCH_ROWS):
            part.write(batch)
    finally:
        part.close()
    return part.facts, made


def _piece(path: str) -> pa.Table:
    try:
        with open_arrow(path) as stream:
            return pa.ipc.open_stream(stream).read_all()
    except InputError as error:
        raise OutputError(f"a piece of a part cannot be read: {error.what}", shown(path), "Run again") from None
    except (OSError, pa.ArrowException):
        raise OutputError(
            "a piece of a part is not what was written: the storage lost or changed it", shown(path), "Run again"
        ) from None


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
