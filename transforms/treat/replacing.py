"""Corrected records put in place of what the source says of them, before anything is measured or treated.

Only what a register remembers as corrected is taken: each record of the file says what it was corrected to last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.policy.canonical import policy_sha256
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.corrections_file import OPTION, CorrectionsFile
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.treat.corrected import CorrectedRecords, corrected_of
from beam_deid.transforms.treat.typed import Columns, Records, TypedBatch, in_one_spelling, read_typed

_READ: dict[tuple[object, ...], pa.Table] = {}
"""The files that this process has read last, by what was read of them: see `_read_as`."""
_KEPT = 4
"""So many at most."""


@dataclass(frozen=True)
class Replacing:
    """Corrected records. They are in memory: few beside what is read.

    Attributes:
        policy: The policy of the run.
        corrected: What the register remembers.
        records: The n corrected records, with all columns of the policy.
        numbers: The number of each, in one spelling, shape (n,).
    """

    policy: Policy
    corrected: CorrectedRecords
    records: pa.Table
    numbers: pa.Array

    def applied(self, batch: TypedBatch) -> TypedBatch:
        """A batch in which records that were corrected, and say something else, are as corrected."""
        records = batch.records
        if not len(records):
            return batch
        places = pc.index_in(_number(records.columns, self.policy), value_set=self.numbers)
        mask = places.is_valid().to_numpy(zero_copy_only=False)
        if not mask.any():
            return batch
        met = places.drop_null().to_numpy()
        mask &= self.corrected.otherwise(records)
        chosen = places.filter(pa.array(mask))
        columns = {name: self._column(name, column, mask, chosen) for name, column in records.columns.items()}
        made = in_one_spelling(replace(records, columns=columns), self.policy)
        return replace(batch, records=made, met=met, replaced=chosen.to_numpy())

    def _column(self, name: str, column: pa.Array, mask: Bools, chosen: pa.Array) -> pa.Array:
        """A column (n,) with the chosen corrected values where the mask is true."""
        old = plain(column)
        new = self.records.column(name).combine_chunks().take(chosen).cast(old.type)
        places: npt.NDArray[np.int64] = np.arange(len(old))
        places[mask] = len(old) + np.arange(len(new))
        made = pa.concat_arrays([old, new]).take(pa.array(places))
        return made.dictionary_encode() if pa.types.is_dictionary(column.type) else made


def replacing_of(job: Job) -> Replacing | None:
    """What puts corrected records in their places; None where the run was given none.

    Raises:
        InputError: The file is not what it was when the run began.
        KeyFault: The register's key cannot be had.
        UsageError: See `check_corrections`.
    """
    if job.corrections is None:
        return None
    corrected = corrected_of(job)
    if corrected is None:
        raise _unknown(job.corrections)
    table = _read(job, job.corrections)
    columns = {name: column.combine_chunks() for name, column in _columns(table)}
    return Replacing(job.policy, corrected, table, _number(columns, job.policy))


def check_corrections(job: Job) -> None:
    """See that the register of a run remembers each corrected record that it is to take, as the file has it.

    Args:
        job: The run, which knows its register.

    Raises:
        InputError: The file cannot be read, or has a record twice, or without a number.
        KeyFault: The register's key cannot be had.
        UsageError: The register remembers one of them otherwise, or not at all, or there is no register.
    """
    found = replacing_of(job)
    if found is None or job.corrections is None:
        return
    where = job.corrections.told
    name = job.policy.record
    numbers = found.numbers
    if numbers.null_count or len(numbers.unique()) < len(numbers):
        raise InputError(f"a record has no {name}, or another one's", where, "Give each record once, with its own")
    records = Records(
        {name: column.combine_chunks() for name, column in _columns(found.records)}, np.arange(len(numbers))
    )
    known = found.corrected.remembers(records)
    if not known.all():
        what = f"{int((~known).sum()):,} of {len(known):,} records are not what the register remembers that they were corrected to"
        raise UsageError(
            what, where, "Give the file to beam-deid correct first, with the outputs that hold the records"
        )


def _unknown(file: CorrectionsFile) -> UsageError:
    return UsageError(
        "no register remembers a corrected record, and what nobody remembers is not taken in place of the input",
        f"{OPTION} {file.told}",
        "Give the file to beam-deid correct first, with the outputs that hold the records; or correct the input",
    )


def _columns(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(table.column_names, table.columns, strict=True)


def _number(columns: Columns, policy: Policy) -> pa.Array:
    """What n records are known by, shape (n,). One that lost its zeros on the way is another one here, and stays withheld."""
    assert policy.record is not None  # noqa: S101 - else no register remembers corrected records for the run
    return identity_text(columns[policy.record], policy.kind(policy.record))


def _read(job: Job, file: CorrectionsFile) -> pa.Table:
    """All records of the file, typed as the policy says.

    Raises:
        InputError: It changed, or a record cannot be read.
    """
    known_by = _read_as(job, file)
    if known_by not in _READ:
        if sha256_of(file.path) != file.sha256:
            raise InputError(
                "this file changed while the run was reading", file.told, "Run again once nobody writes it"
            )
        own = replace(job, types=file.types, corrections=None)
        found = []
        for shard in file.shards:
            for batch in read_typed(shard, own, tuple(job.policy.fields)):
                _see_sound(batch, file)
                columns = batch.records.columns
                found.append(pa.table({name: plain(columns[name]) for name in job.policy.fields}))
        while len(_READ) >= _KEPT:
            _READ.pop(next(iter(_READ)), None)
        table = pa.concat_tables(found)
        _READ[known_by] = table
        return table
    return _READ[known_by]


def _read_as(job: Job, file: CorrectionsFile) -> tuple[object, ...]:
    """What a table depends on: the file's bytes, the policy, and the columns and types as which it is read."""
    kinds = tuple((name, str(job.policy.kind(name))) for name in job.policy.fields)
    types = tuple((name, str(kind)) for name, kind in sorted(file.types.items()))
    return file.sha256, policy_sha256(job.policy), kinds, types


def _see_sound(batch: TypedBatch, file: CorrectionsFile) -> None:
    if batch.faults:
        first = batch.faults[0]
        row = batch.reported(first.rows[:1])[0]
        raise InputError(
            f"row {row} cannot be read as {first.field} ({first.reason})",
            file.told,
            "Write the value as the source has it",
        )
