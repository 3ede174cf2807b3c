"""The persons whom somebody asks to have erased: a file with values of the source by which they are named."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.dataset.files import DatasetFiles, open_dataset
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.treat.typed import Records, typed


@dataclass(frozen=True)
class Subjects:
    """Persons, by values of the source that name them. They are in memory: a list of them is short beside what was published.

    Attributes:
        path: The file, for messages.
        records: Its rows, with the columns that name persons, typed as the policy says.
        identities: Of each column the identities that it names, each once, in their one spelling; none of nobody's.
    """

    path: str
    records: Records
    identities: Mapping[str, pa.Array]

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return len(self.records)


def read_subjects(policy: Policy, path: str) -> Subjects:
    """Read a list of persons: a file of any format that is read, whose columns are identities of the policy.

    Args:
        policy: The policy.
        path: The file.

    Raises:
        UsageError: There is no such file, or a column is no identity of the policy.
        InputError: It cannot be read, or a row names nobody.
    """
    known = identities(policy)
    files = open_dataset([path], InputOptions(nulls=policy.input.nulls), ())
    _check_columns(files, known, path)
    names = [name for name in known if name in files.types]
    records = _records(policy, files, names, path)
    spelt = {name: identity_text(records.columns[name], policy.kind(name)) for name in names}
    _check_rows(spelt, path)
    return Subjects(shown(path), records, {name: texts.drop_null().unique() for name, texts in spelt.items()})


def _check_columns(files: DatasetFiles, known: tuple[str, ...], path: str) -> None:
    strangers = [name for name in files.types if name not in known]
    if not known:
        raise UsageError(
            "the policy names no column by which persons are known", shown(path), "Add subject: FIELD to the policy"
        )
    if strangers:
        raise UsageError(
            f"the column {strangers[0]} is no identity of the policy, so nobody is known by it",
            shown(path),
            f"Leave it out; persons are known by: {', '.join(known)}",
        )


def _records(policy: Policy, files: DatasetFiles, names: list[str], path: str) -> Records:
    """All rows of the file, typed."""
    batches = list(files.batches(names))
    table = pa.Table.from_batches(batches) if batches else None
    if table is None or not table.num_rows:
        raise InputError("nobody is named in it", shown(path), "Write a column with a field's name, and a person a row")
    given = {name: plain(table.column(name).combine_chunks()) for name in names}
    records, faults = typed(given, np.arange(table.num_rows), policy)
    if faults:
        first = faults[0]
        raise InputError(
            f"row {int(first.rows[0]) + 1} cannot be read as {first.field} ({first.reason})",
            shown(path),
            "Write the value as the source has it",
        )
    return records


def _check_rows(spelt: Mapping[str, pa.Array], path: str) -> None:
    """See that every row names somebody."""
    named = np.logical_or.reduce([texts.is_valid().to_numpy(zero_copy_only=False) for texts in spelt.values()])
    nobody = np.flatnonzero(~named)
    if len(nobody):
        raise InputError(
            f"row {int(nobody[0]) + 1} names nobody: it is empty, masked or a platform's ciphertext",
            shown(path),
            "Write the value as the source has it, or leave the row out",
        )
