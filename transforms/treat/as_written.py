"""Files as they are written: their columns before the policy's kinds are asked, for whoever brings them into a collection."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from beam_deid.transforms.formats import format_named, format_of_shard
from beam_deid.transforms.formats.format import Shard, reported
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.treat.order_spelling import order_spelling
from beam_deid.transforms.treat.typed import of_type


class Unread(NamedTuple):
    """A row of a file that could not be read.

    Attributes:
        file: The file, as the user wrote it.
        row: The row, as reports call it.
        field: The field, or "" where the whole row is at fault.
        reason: The reason code.
    """

    file: str
    row: int
    field: str
    reason: str


class Written(NamedTuple):
    """Some rows of a file.

    Attributes:
        batch: Their columns, of the types that the input has.
        unread: Those that are not in it.
    """

    batch: pa.RecordBatch
    unread: list[Unread]


def wanted_columns(policy: Policy) -> tuple[str, ...]:
    """The columns of a policy that stand in files themselves, and are not put together of others."""
    return tuple(name for name in policy.fields if name not in policy.input.combine)


def read_as_written(shard: Shard, job: Job, columns: Sequence[str]) -> Iterator[Written]:
    """Read a shard.

    Args:
        shard: The shard.
        job: The run that its policy would be.
        columns: The columns that are wanted.

    Raises:
        InputError: The shard cannot be read.
    """
    spelt = order_spelling(job.policy, format_named(shard.format).notation.of_spreadsheets)
    kind = format_of_shard(shard, job.policy.input, spelt)
    told = shard.told or shown(shard.path)
    chunks = kind.read(
        shard, job.policy.input, list(columns), BATCH_ROWS, known=tuple(job.policy.fields), spare=job.spare
    )
    for chunk in chunks:
        given = zip(chunk.batch.schema.names, chunk.batch.columns, strict=True)
        typed = {name: of_type(column, job.types.get(name, pa.string())) for name, column in given}
        unread = [
            Unread(told, reported(int(row), chunk.above), fault.field, str(fault.reason))
            for fault in chunk.faults
            for row in fault.rows
        ]
        yield Written(pa.RecordBatch.from_arrays(list(typed.values()), names=list(typed)), unread)
