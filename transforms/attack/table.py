"""An attacker's table, treated as the release is, so that both can be joined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.distinct import is_text, plain, plain_type
from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.columns.numbers import as_numbers, distance
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Chunk, Fault, reported
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.policy.adversary import Attacker
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.risk.probes import Numbers, Probes
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, typed

_WHOLE_FILE = 1 << 62

Take = Callable[[Probes], None]
"""Takes some rows of what an attacker holds, with one probe for each."""


@dataclass(frozen=True)
class AttackerTable:
    """An attacker's table, which is read as often as it must be treated in another way.

    Attributes:
        job: The run, with its key of fingerprints.
        release: The release that is attacked; the table's values go through its actions.
        attacker: Who has the table. Its columns are named like the policy's fields.
        exact: What the attacker knows exactly of what is released.
        near: What the attacker knows nearly of it.
        types: Type of each field of the source; the table's values are read as such.
    """

    job: Job
    release: str
    attacker: Attacker
    exact: Sequence[str]
    near: Sequence[str]
    types: Mapping[str, pa.DataType]

    def probes(self, rounds: Sequence[Mapping[str, int]]) -> tuple[Probes, bool]:
        """Read it as one side of a join.

        Args:
            rounds: The levels of each round of the release's recoding.

        Returns:
            The side, and whether the table names its subjects, so that right links can be told.

        Raises:
            InputError: See `read`.
        """
        made = []
        named = False
        for levels in rounds:
            parts: list[Probes] = []
            named = self.read(levels, parts.append)
            made.append(Probes.side_by_side(parts, len(self.near), named))
        return made[0] if len(made) == 1 else Probes.together(made), named

    def read(self, levels: Mapping[str, int], take: Take) -> bool:
        """Read it some rows at a time, always the same rows together.

        Args:
            levels: The levels at which the release gives values out.
            take: Takes the rows.

        Returns:
            Whether it names its subjects: every file does.

        Raises:
            InputError: The table is missing or cannot be read, lacks a column, or holds values that cannot be read as their kind or
                as what the source has.
        """
        options = self.attacker.input or InputOptions()
        files = _files(self.attacker.table or "")
        kinds = [(file, format_of(file.path, options, file.partitions)) for file in files]
        present = [kind.schema(file.path, options).names for file, kind in kinds]
        for file, names in zip(files, present, strict=True):
            NAMES.add(names)
            self._check(file, names)
        own = self.job.policy.subject_field
        named = own if all(own in names for names in present) else None
        treatment = Treatment(self.job, self.release, levels, self.exact)
        columns = list(dict.fromkeys([*self.exact, *self.near, *([named] if named else [])]))
        empty = True
        for file, kind in kinds:
            for shard in kind.shards(file.path, file.size, options, _WHOLE_FILE):
                for chunk in kind.read(shard, options, columns, BATCH_ROWS):
                    take(self._rows(chunk, file.path, treatment, named, kind.notation.of_spreadsheets))
                    empty = False
        return named is not None and not empty

    def _check(self, file: InputFile, names: Sequence[str]) -> None:
        missing = [name for name in (*self.exact, *self.near) if name not in names]
        if missing:
            raise InputError(f"the attacker's table lacks the column {missing[0]}", file.path, "Rename its columns")

    def _rows(self, chunk: Chunk, path: str, treatment: Treatment, named: str | None, of_spreadsheets: bool) -> Probes:
        records, faults = self._typed(chunk, path, of_spreadsheets)
        treated, sound, unfit, _ = treatment.apply(records)
        _refuse([*chunk.faults, *faults, *unfit], path, chunk.above)
        records = records.where(sound)
        prints = self.job.prints
        keys = combine([fingerprint(treated[name], prints) for name in self.exact], len(records))
        value = _stack([as_numbers(records.columns[name]) for name in self.near], len(records))
        within = np.array([distance(self.attacker.within[name]) for name in self.near], np.float64)
        who = None
        if named is not None:
            who = fingerprint(identity_text(records.columns[named], self.job.policy.kind(named)), prints)
        return Probes(np.arange(len(keys)), keys, value - within, value + within, np.ones(len(keys), np.int64), who)

    def _typed(self, chunk: Chunk, path: str, of_spreadsheets: bool) -> tuple[Records, list[Fault]]:
        """The records of a chunk, with the types that the source has."""
        given = dict(zip(chunk.batch.schema.names, chunk.batch.columns, strict=True))
        records, faults = typed(given, chunk.rows, self.job.policy, of_spreadsheets=of_spreadsheets)
        columns = {name: alike(column, self.types.get(name), name, path) for name, column in records.columns.items()}
        return replace(records, columns=columns), faults


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
            "no file matches the attacker's table", table, "Put the table back, or fix its path in the policy"
        ) from None


def _refuse(faults: Sequence[Fault], path: str, above: int) -> None:
    for fault in faults:
        raise InputError(
            f"row {reported(int(fault.rows[0]), above)} of the attacker's table cannot be read ({fault.reason})",
            f"{path}: {fault.field}",
            "Fix the table, or leave that row out",
        )


def _stack(columns: Sequence[Numbers], length: int) -> Numbers:
    return np.stack(columns, axis=1) if columns else np.empty((length, 0))
