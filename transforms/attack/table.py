"""An attacker's table, treated as the release is, so that both can be joined."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.distinct import is_text, plain, plain_type
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.columns.numbers import as_numbers, distance
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Fault, InputOptions
from beam_deid.transforms.policy.model import Attacker
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.risk.joining import Numbers, Probes
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import typed

_WHOLE_FILE = 1 << 62


def attacker_probes(
    job: Job,
    release: str,
    attacker: Attacker,
    exact: Sequence[str],
    near: Sequence[str],
    levels: Mapping[str, int],
    types: Mapping[str, pa.DataType],
) -> tuple[Probes, bool]:
    """Read an attacker's table as one side of a join.

    Args:
        job: The run, with its key of fingerprints.
        release: The release that is attacked; the table's values go through its actions.
        attacker: Who has the table. Its columns are named like the policy's fields.
        exact: What the attacker knows exactly of what is released.
        near: What the attacker knows nearly of it.
        levels: The decided levels.
        types: Type of each field of the source; the table's values are read as such.

    Returns:
        The side, and whether the table names its subjects, so that right links can be told.

    Raises:
        InputError: The table is missing or cannot be read, lacks a column, or holds values that cannot be read as their kind or as
            what the source has.
    """
    subject = job.policy.subject_field
    treatment = Treatment(job, release, levels, exact)
    within = np.array([distance(attacker.within[name]) for name in near], np.float64)
    keys: list[Fingerprints] = []
    values: list[Numbers] = []
    people: list[Fingerprints] = []
    options = InputOptions()
    named = True
    for file in _files(attacker.table or ""):
        kind = format_of(file.path, options)
        present = kind.schema(file.path, options).names
        missing = [name for name in (*exact, *near) if name not in present]
        if missing:
            raise InputError(f"the attacker's table lacks the column {missing[0]}", file.path, "Rename its columns")
        named = named and subject is not None and subject in present
        columns = list(dict.fromkeys([*exact, *near, *([subject] if named and subject else [])]))
        for shard in kind.shards(file.path, file.size, options, _WHOLE_FILE):
            for chunk in kind.read(shard, options, columns, BATCH_ROWS):
                given = dict(zip(chunk.batch.schema.names, chunk.batch.columns, strict=True))
                records, faults = typed(given, chunk.rows, job.policy)
                same = {
                    name: alike(column, types.get(name), name, file.path) for name, column in records.columns.items()
                }
                records = replace(records, columns=same)
                treated, sound, unfit = treatment.apply(records)
                _refuse([*chunk.faults, *faults, *unfit], file.path)
                records = records.where(sound)
                known = {name: fingerprint(column, job.prints) for name, column in treated.items()}
                keys.append(combine([known[name] for name in exact], len(records)))
                values.append(_stack([as_numbers(records.columns[name]) for name in near], len(records)))
                if named and subject is not None:
                    people.append(
                        fingerprint(identity_text(records.columns[subject], job.policy.kind(subject)), job.prints)
                    )
    key = np.concatenate([np.empty(0, np.uint64), *keys])
    value = np.concatenate([np.empty((0, len(near))), *values])
    who = np.concatenate([np.empty(0, np.uint64), *people]) if named and people else None
    rows = np.arange(len(key))
    return Probes(rows, key, value - within, value + within, np.ones(len(key), np.int64), who), who is not None


def alike(column: pa.Array, kind: pa.DataType | None, name: str, path: str) -> pa.Array:
    """A column with the type that the source has; values of another type would meet nothing, and nothing would be found."""
    own = plain_type(column.type)
    if kind is None or own == kind or pa.types.is_null(own) or (is_text(own) and is_text(kind)):
        return column
    problem = InputError(
        f"{name} is {own} here and {kind} in the source, so nothing would match",
        path,
        "Give both the same type, or declare the field's kind",
    )
    if is_text(kind):  # a number as text may be spelled in several ways
        raise problem
    try:
        values = plain(column)
        return pc.cast(pc.if_else(pc.equal(values, ""), None, values) if is_text(own) else values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise problem from None


def _files(table: str) -> list[InputFile]:
    try:
        return match([table])
    except UsageError:
        raise InputError(
            "no file matches the attacker's table", table, "Put the table back, or mend its path in the policy"
        ) from None


def _refuse(faults: Sequence[Fault], path: str) -> None:
    for fault in faults:
        raise InputError(
            f"row {int(fault.rows[0])} of the attacker's table cannot be read ({fault.reason})",
            f"{path}: {fault.field}",
            "Mend the table, or leave that row out",
        )


def _stack(columns: Sequence[Numbers], length: int) -> Numbers:
    return np.stack(columns, axis=1) if columns else np.empty((length, 0))
