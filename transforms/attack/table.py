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
from beam_deid.transforms.formats.format import Chunk, Fault, InputOptions
from beam_deid.transforms.policy.model import Attacker
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.risk.probes import Numbers, Probes
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, typed

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
    reader = _Reader(job, release, exact, near, levels, types)
    for file in _files(attacker.table or ""):
        reader.add(file)
    within = np.array([distance(attacker.within[name]) for name in near], np.float64)
    return reader.probes(within)


class _Reader:
    """Reads an attacker's files to keys of what it knows exactly, numbers of what it knows nearly, and its subjects.

    The arguments are those of `attacker_probes`.
    """

    def __init__(
        self,
        job: Job,
        release: str,
        exact: Sequence[str],
        near: Sequence[str],
        levels: Mapping[str, int],
        types: Mapping[str, pa.DataType],
    ) -> None:
        self._job = job
        self._exact = exact
        self._near = near
        self._types = types
        self._treatment = Treatment(job, release, levels, exact)
        self._options = InputOptions()
        self._subject = job.policy.subject_field
        self._keys: list[Fingerprints] = []
        self._values: list[Numbers] = []
        self._people: list[Fingerprints] = []

    def add(self, file: InputFile) -> None:
        """Read one file. Subjects count only where every file names them."""
        kind = format_of(file.path, self._options)
        present = kind.schema(file.path, self._options).names
        missing = [name for name in (*self._exact, *self._near) if name not in present]
        if missing:
            raise InputError(f"the attacker's table lacks the column {missing[0]}", file.path, "Rename its columns")
        if self._subject not in present:
            self._subject = None
        subject = [] if self._subject is None else [self._subject]
        columns = list(dict.fromkeys([*self._exact, *self._near, *subject]))
        for shard in kind.shards(file.path, file.size, self._options, _WHOLE_FILE):
            for chunk in kind.read(shard, self._options, columns, BATCH_ROWS):
                self._add(chunk, file.path)

    def _add(self, chunk: Chunk, path: str) -> None:
        records, faults = self._typed(chunk, path)
        treated, sound, unfit = self._treatment.apply(records)
        _refuse([*chunk.faults, *faults, *unfit], path)
        records = records.where(sound)
        known = [fingerprint(treated[name], self._job.prints) for name in self._exact]
        self._keys.append(combine(known, len(records)))
        self._values.append(_stack([as_numbers(records.columns[name]) for name in self._near], len(records)))
        if self._subject is not None:
            texts = identity_text(records.columns[self._subject], self._job.policy.kind(self._subject))
            self._people.append(fingerprint(texts, self._job.prints))

    def _typed(self, chunk: Chunk, path: str) -> tuple[Records, list[Fault]]:
        """The records of a chunk, with the types that the source has."""
        given = dict(zip(chunk.batch.schema.names, chunk.batch.columns, strict=True))
        records, faults = typed(given, chunk.rows, self._job.policy)
        columns = {name: alike(column, self._types.get(name), name, path) for name, column in records.columns.items()}
        return replace(records, columns=columns), faults

    def probes(self, within: Numbers) -> tuple[Probes, bool]:
        """One side of a join, and whether it names its subjects.

        Args:
            within: How far each number may be from the one that it is known as, shape (near,).
        """
        key = np.concatenate([np.empty(0, np.uint64), *self._keys])
        value = np.concatenate([np.empty((0, len(self._near))), *self._values])
        named = self._subject is not None and bool(self._people)
        who = np.concatenate(self._people) if named else None
        rows = np.arange(len(key))
        ones = np.ones(len(key), np.int64)
        return Probes(rows, key, value - within, value + within, ones, who), named


def alike(column: pa.Array, kind: pa.DataType | None, name: str, path: str) -> pa.Array:
    """Cast a column to the type that the source has, since fingerprints of different types never match."""
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
