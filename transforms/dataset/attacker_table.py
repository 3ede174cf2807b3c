"""An attacker's table that any dataset is joined with: how it is named, checked and read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.attack.knowledge import Knowledge, On
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.reading import batches, plain_types, shards
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.probes import Numbers, Probes
from beam_deid.transforms.storage.files import InputFile

_JOIN = re.compile(r"(?P<name>[\w-]+)=(?P<glob>.+):on=(?P<on>.+)")

Piece = tuple[Counts, Fingerprints, Numbers, Numbers]
"""Row, key, and least and greatest near values of some probes."""


@dataclass(frozen=True)
class Table:
    """An attacker's table.

    Attributes:
        name: The attacker.
        glob: The table's files.
        on: The fields that it is joined on.
    """

    name: str
    glob: str
    on: tuple[On, ...]

    @classmethod
    def read(cls, text: str) -> "Table":
        """From ``NAME=GLOB:on=FIELD,FIELD``, each field as `On.read` takes it.

        Raises:
            UsageError: It is written otherwise.
        """
        found = _JOIN.fullmatch(text)
        names = [name.strip() for name in found["on"].split(",")] if found else []
        if found is None or not any(names):
            raise UsageError("a join is written otherwise", "--join", "Write NAME=GLOB:on=FIELD,FIELD")
        return cls(found["name"], found["glob"], tuple(map(On.read, dict.fromkeys(filter(None, names)))))

    def columns(self, subject: str | None) -> list[str]:
        """The columns that are read of either side: those joined on, and the subject's where there is one."""
        return list(dict.fromkeys([*(one.field for one in self.on), *([subject] if subject else [])]))


def check_table(
    table: Table, found: Sequence[InputFile], types: dict[str, pa.DataType], subject: str | None, options: InputOptions
) -> bool:
    """See that a table can be joined with a dataset.

    Args:
        table: The table.
        found: Its files.
        types: Type of each column of the dataset.
        subject: The column that says whom a record of the dataset is about, if there is one.
        options: How the files are written.

    Returns:
        Whether every file of the table names subjects, so that right links can be told from wrong ones.

    Raises:
        UsageError: The dataset lacks a column that is joined on.
        InputError: The table lacks one, or has it with a type that cannot be compared.
    """
    for one in table.on:
        if one.field not in types:
            what = f"there is no column {one.field}"
            raise UsageError(what, f"join {table.name}", f"The dataset has: {', '.join(types)}")
    named = subject is not None
    for file in found:
        given = plain_types(format_of(file.path, options, file.partitions).schema(file.path, options))
        NAMES.add(given)
        _check_file(table, file.path, types, given)
        named = named and subject in given
    return named


def _check_file(table: Table, path: str, types: dict[str, pa.DataType], given: dict[str, pa.DataType]) -> None:
    for one in table.on:
        if one.field not in given:
            raise InputError(f"the attacker's table lacks the column {one.field}", path, "Rename its columns")
        problem = one.check(types[one.field], given[one.field])
        if problem:
            raise InputError(problem, path, "Give both the same type, or join on it otherwise")


def read_probes(
    table: Table,
    found: Sequence[InputFile],
    knowledge: Knowledge,
    options: InputOptions,
    subject: str | None,
    key: FingerprintKey,
) -> Probes:
    """Read an attacker's table as one side of a join.

    Args:
        table: The table.
        found: Its files.
        knowledge: What the attacker knows of each field.
        options: How the files are written.
        subject: The column that names the table's subjects, where every file has it.
        key: The key of fingerprints.
    """
    columns = table.columns(subject)
    near = sum(one.within is not None for one in table.on)
    pieces: list[Piece] = [_nothing(near)]
    people: list[Fingerprints] = [np.empty(0, np.uint64)]
    first = 0
    for batch in _batches(found, options, columns):
        given = dict(zip(columns, batch.columns, strict=True))
        rows, keys, low, high = knowledge.probes(given, batch.num_rows)
        pieces.append((rows + first, keys, low, high))
        first += batch.num_rows
        if subject is not None:
            people.append(fingerprint(given[subject], key))
    rows, keys, low, high = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    who = None if subject is None else np.concatenate(people)
    return Probes(rows, keys, low, high, np.ones(first, np.int64), who)


def _nothing(near: int) -> Piece:
    return np.empty(0, np.int64), np.empty(0, np.uint64), np.empty((0, near)), np.empty((0, near))


def _batches(found: Sequence[InputFile], options: InputOptions, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for file in found:
        for shard in shards(file, options):
            yield from batches(shard, options, columns)
