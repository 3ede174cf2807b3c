"""The persons whom somebody asks to have erased: a file with values of the source by which they are named."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.dataset.files import DatasetFiles, open_dataset
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.later.naming_columns import Naming, naming_columns
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.tables import TablesPolicy, policies_by_table
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.treat.typed import Records, typed


@dataclass(frozen=True)
class Subjects:
    """Persons as one table knows them. They are in memory: a list of them is short beside what was published.

    Attributes:
        records: The n rows of the list, with the columns that name persons, typed as the policy says; and behind them what names
            rows that refer to theirs.
        spelt: Of each column the identities that it names, in their one spelling, shape (n,); null where it names nobody.
    """

    records: Records
    spelt: Mapping[str, pa.Array]

    @property
    def identities(self) -> Mapping[str, pa.Array]:
        """Of each column the identities that it names, each once; no null."""
        return {name: texts.drop_null().unique() for name, texts in self.spelt.items()}


@dataclass(frozen=True)
class Listed:
    """A list of persons.

    Attributes:
        path: The file, for messages.
        rows: How many rows it has.
        of: The persons as each table knows them, by the table; by an empty name in a dataset of one table.
    """

    path: str
    rows: int
    of: Mapping[str, Subjects]


def read_subjects(policy: Policy | TablesPolicy, path: str) -> Listed:
    """Read a list of persons: a file of any format that is read, whose columns are identities of the policy.

    Args:
        policy: The policy. Where it has tables, each column is an identity that all of them know.
        path: The file.

    Raises:
        UsageError: There is no such file, or a column is no identity of the policy.
        InputError: It cannot be read, or a row names nobody.
    """
    policies = policies_by_table(policy)
    naming = naming_columns(policies)
    files = open_dataset([path], InputOptions(nulls=next(iter(policies.values())).input.nulls), ())
    _check_columns(files, naming, path)
    given = _given(files, path)
    of = {
        table: _subjects(
            {name: given[column] for name, column in naming.fields(table).items() if column in given}, own, path
        )
        for table, own in policies.items()
    }
    return Listed(shown(path), len(next(iter(given.values()))), of)


def _check_columns(files: DatasetFiles, naming: Naming, path: str) -> None:
    if not naming.columns:
        raise UsageError(
            "the policy names no column by which persons are known", shown(path), "Add subject: FIELD to the policy"
        )
    known = ", ".join(naming.columns)
    for number, name in enumerate(files.types, 1):
        if name not in naming.columns and name not in naming.strange:
            # It is not said what stands there: without a line of headings it is a person.
            raise UsageError(
                f"what stands above column {number} is no field of the policy: the first line is to name the field of each column",
                shown(path),
                f"Write the name of its field above each column; persons are known by: {known}",
            )
        if name not in naming.columns:
            what = f"the column {name} {naming.strange[name]}"
            raise UsageError(what, shown(path), f"Leave it out; persons are known by: {known}")


def _given(files: DatasetFiles, path: str) -> dict[str, pa.Array]:
    """All rows of the file, as they stand there."""
    names = list(files.types)
    batches = list(files.batches(names))
    table = pa.Table.from_batches(batches) if batches else None
    if table is None or not table.num_rows:
        raise InputError("nobody is named in it", shown(path), "Write a column with a field's name, and a person a row")
    return {name: plain(table.column(name).combine_chunks()) for name in names}


def _subjects(given: Mapping[str, pa.Array], policy: Policy, path: str) -> Subjects:
    """The persons as one table knows them, by its fields as the list has them."""
    records, faults = typed(given, np.arange(len(next(iter(given.values())))), policy)
    if faults:
        first = faults[0]
        raise InputError(
            f"row {int(first.rows[0]) + 1} cannot be read as {first.field} ({first.reason})",
            shown(path),
            "Write the value as the source has it",
        )
    found = subjects_of(records, policy)
    _check_rows(found.spelt, path)
    return found


def subjects_of(records: Records, policy: Policy) -> Subjects:
    """Persons by the columns of some records, all of which name persons."""
    return Subjects(
        records, {name: identity_text(column, policy.kind(name)) for name, column in records.columns.items()}
    )


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
