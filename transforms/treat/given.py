"""Typed batches, from record batches that somebody gives: the columns of a collection in the one schema of all its batches."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.columns.ipc import to_ipc
from beam_deid.transforms.columns.one_type import exactly
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.combined import combined, parts_apart
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import TypedBatch, record_parts, typed

PLACE = "beam_deid.row"
"""The column that says where in its batch a row was, in a batch that was put together from several."""


def typed_batch(job: Job, batch: pa.RecordBatch, columns: Sequence[str], micros: int) -> TypedBatch:
    """Read a batch as the policy's kinds say, in the schema of all batches. A column that is not in it is null.

    Args:
        job: The run, with the types of all batches.
        batch: The batch, n rows.
        columns: The columns that are wanted.
        micros: Its event time in microseconds since 1970: part of what stands for its place.

    Raises:
        InputError: A value would be another one in the type of all batches.
    """
    there = {*batch.schema.names}
    given = {name: batch.column(name) if name in there else pa.nulls(batch.num_rows) for name in columns}
    rows = np.arange(batch.num_rows, dtype=np.int64)
    key = _record_key(job, batch, columns)
    records, faults = typed(given, rows, job.policy, _origin(job, batch, micros), job.spare, record_key=key)
    exact = {name: _exactly(column, name, job.type_of(name)) for name, column in records.columns.items()}
    return TypedBatch(replace(records, columns=exact), faults, batch.num_rows, numbers=_positions(batch))


def _record_key(job: Job, batch: pa.RecordBatch, columns: Sequence[str]) -> pa.Array | None:
    """What the records of a batch are known by, where their number is put together of parts; see `Records`."""
    parts = record_parts(job, columns)
    if not parts:
        return None
    if not {*parts} <= {*batch.schema.names}:
        return pa.nulls(batch.num_rows, pa.string())
    read = meant(batch, False, job.policy.input)
    return parts_apart(dict(zip(read.schema.names, read.columns, strict=True)), parts)


def with_combined(batch: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    """A batch with the columns that ``input.combine`` makes of others."""
    made = {name: parts for name, parts in policy.input.combine.items() if {*parts} <= {*batch.schema.names}}
    parts = meant(batch, False, policy.input)
    for name, column in combined(dict(zip(parts.schema.names, parts.columns, strict=True)), made).items():
        batch = batch.append_column(name, column)
    return batch


def _exactly(column: pa.Array, name: str, kind: pa.DataType) -> pa.Array:
    try:
        return exactly(column, kind)
    except pa.ArrowInvalid:
        raise InputError(
            f"a value does not fit {kind}, which is the type of all batches together",
            f"field {name}",
            "Give the field a kind in the policy, or convert it before Deidentify",
        ) from None


def _positions(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Where each row was in the batch that somebody gave, from 0: what reports call the rows of a collection."""
    if PLACE not in batch.schema.names:
        return np.arange(batch.num_rows, dtype=np.int64)
    positions: npt.NDArray[np.int64] = batch.column(PLACE).to_numpy()
    return positions


def _origin(job: Job, batch: pa.RecordBatch, micros: int) -> bytes:
    """What stands for the place of a batch: its content and its time, for both passes must find the same.

    A batch is in no file, and a number drawn for it would be another one when an engine makes it again. Only actions that
    give equal values unlike results want it.
    """
    actions = (action for release in job.releases for action in job.policy.releases[release].fields.values())
    if not any(action.beside is Beside.PLACE for action in actions):
        return bytes(8)
    content = batch.select([name for name in batch.schema.names if name != PLACE])
    return hashlib.sha256(to_ipc(content) + micros.to_bytes(16, "big", signed=True)).digest()[:8]
