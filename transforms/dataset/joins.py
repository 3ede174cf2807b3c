"""Files joined with an attacker's table, as large as they may be: the release is read a partition at a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.attack.evidence import joined_attack
from beam_deid.transforms.attack.knowledge import MOST_MASKS, Knowledge, On, shapes
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.reading import batches, dataset_files, plain_types, shards
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions
from beam_deid.transforms.label.evidence import Attack
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.joining import Join, Joined, Numbers, Probes, Released
from beam_deid.transforms.storage.files import InputFile, match

_JOIN = re.compile(r"(?P<name>[\w-]+)=(?P<glob>.+):on=(?P<on>.+)")
PARTITION_ROWS = 1 << 23
"""Most released rows, about, that are in memory together: 40 bytes each, and three times that while they are ordered."""


@dataclass(frozen=True)
class Dataset:
    """The files that are attacked.

    Attributes:
        inputs: Their globs.
        options: How they are written.
        types: Type of each column.
        subject: The column that says whom a record is about.
    """

    inputs: Sequence[str]
    options: InputOptions
    types: dict[str, pa.DataType]
    subject: str | None = None


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


@dataclass
class _Chunk:
    """Released rows of one partition."""

    keys: list[Fingerprints] = field(default_factory=list)
    subject: list[Fingerprints] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)
    people: list[Fingerprints] = field(default_factory=list)
    missed: int = 0

    @property
    def persons(self) -> int | None:
        """Distinct subjects of the dataset whose own number is in this partition, whatever their rows' keys are."""
        return len(np.unique(np.concatenate(self.people))) if self.people else None

    def released(self, near: int) -> Released:
        none = np.empty(0, np.uint64)
        keys = np.concatenate([none, *self.keys])
        values = np.concatenate([np.empty((0, near)), *self.values])
        subject = np.concatenate([none, *self.subject]) if self.subject else None
        return Released(keys, np.ones(len(keys), np.int64), subject, values, values)


def join_files(
    dataset: Dataset, table: Table, limit: float, partition_rows: int = PARTITION_ROWS, k: int = 2
) -> Attack:
    """Join a dataset with an attacker's table.

    Memory holds the attacker's table, about 40 bytes a row and probe, and ``partition_rows`` rows of the dataset; the
    dataset is read once for each partition.

    Args:
        dataset: The files.
        table: The attacker's table.
        limit: Greatest share of the attacker's subjects that may be linked to exactly one.
        partition_rows: Most rows of the dataset that are in memory together, about.
        k: A released subject who may be fewer than so many of the table's is at risk.

    Raises:
        UsageError: No file matches, or a column has too many shapes of masks.
        PolicyError: There is no such hierarchy.
        InputError: The table lacks a field or has it with another type, or a file cannot be read.
    """
    found = match([table.glob])
    truth = _check(dataset, table, found)
    key = FingerprintKey.new()
    knowledge = Knowledge(table.on, {one.field: _shapes(dataset, one.field) for one in table.on if one.masked}, key)
    probes = _probes(table, found, knowledge, dataset.options, dataset.subject if truth else None, key)
    join = Join(probes, truth, k)
    near = probes.low.shape[1]
    parts = max(1, -(-_rows(dataset) // partition_rows))
    # The high bits say which partition a key is in, the low ones have order within it.
    belongs = (probes.keys >> np.uint64(32)) % np.uint64(parts)
    for part in range(parts):
        mine = probes.where(belongs == part) if parts > 1 else probes
        chunk = _partition(dataset, table, knowledge, mine, part, parts, key)
        join.add(chunk.released(near), mine, chunk.missed, chunk.persons)
    return _evidence(table, join.result(), limit)


def _partition(
    dataset: Dataset, table: Table, knowledge: Knowledge, probes: Probes, part: int, parts: int, key: FingerprintKey
) -> _Chunk:
    """The rows of a partition whose key is one of the probes'; of the others only how many they are."""
    chunk = _Chunk()
    wanted = pa.array(np.unique(probes.keys))
    columns = _columns(table.on, dataset.subject)
    for batch in _read(dataset, columns):
        given = dict(zip(columns, batch.columns, strict=True))
        keys, values = knowledge.released(given, batch.num_rows)
        here = np.ones(len(keys), bool) if parts == 1 else (keys >> np.uint64(32)) % np.uint64(parts) == part
        met = here.copy()
        met[here] = pc.is_in(pa.array(keys[here]), value_set=wanted).to_numpy(zero_copy_only=False)
        chunk.missed += int(here.sum() - met.sum())
        chunk.keys.append(keys[met])
        chunk.values.append(values[met])
        if dataset.subject is not None:
            who = fingerprint(given[dataset.subject], key)
            chunk.subject.append(who[met])
            chunk.people.append(
                np.unique(who if parts == 1 else who[(who >> np.uint64(32)) % np.uint64(parts) == part])
            )
    return chunk


def _check(dataset: Dataset, table: Table, found: Sequence[InputFile]) -> bool:
    """See that the table can be joined; whether every file of it names subjects, so that right links can be told."""
    named = dataset.subject is not None
    for one in table.on:
        if one.field not in dataset.types:
            raise UsageError(
                f"there is no column {one.field}", f"join {table.name}", f"The dataset has: {', '.join(dataset.types)}"
            )
    for file in found:
        given = plain_types(format_of(file.path, dataset.options).schema(file.path, dataset.options))
        for one in table.on:
            if one.field not in given:
                raise InputError(f"the attacker's table lacks the column {one.field}", file.path, "Rename its columns")
            problem = one.check(dataset.types[one.field], given[one.field])
            if problem:
                raise InputError(problem, file.path, "Give both the same type, or join on it otherwise")
        named = named and dataset.subject in given
    return named


def _probes(
    table: Table,
    found: Sequence[InputFile],
    knowledge: Knowledge,
    options: InputOptions,
    who: str | None,
    key: FingerprintKey,
) -> Probes:
    """All probes of an attacker's table."""
    columns = _columns(table.on, who)
    done: list[tuple[Counts, Fingerprints, Numbers, Numbers]] = []
    people: list[Fingerprints] = []
    first = 0
    for batch in (
        batch for file in found for shard in shards(file, options) for batch in batches(shard, options, columns)
    ):
        given = dict(zip(columns, batch.columns, strict=True))
        rows, keys, low, high = knowledge.probes(given, batch.num_rows)
        done.append((rows + first, keys, low, high))
        first += batch.num_rows
        if who is not None:
            people.append(fingerprint(given[who], key))
    near = sum(one.within is not None for one in table.on)
    none: tuple[Counts, Fingerprints, Numbers, Numbers] = (
        np.empty(0, np.int64),
        np.empty(0, np.uint64),
        np.empty((0, near)),
        np.empty((0, near)),
    )
    rows, keys, low, high = (np.concatenate(parts) for parts in zip(none, *done, strict=True))
    subject = None if who is None else np.concatenate([none[1], *people])
    return Probes(rows, keys, low, high, np.ones(first, np.int64), subject)


def _shapes(dataset: Dataset, name: str) -> list[str]:
    """The shapes of masks in a column."""
    found = pa.array([], pa.string())
    for batch in _read(dataset, [name]):
        found = pc.unique(pa.concat_arrays([found, shapes(batch.column(0))]))
        if len(found) > MOST_MASKS:
            raise UsageError(f"{name} has more than {MOST_MASKS} shapes of masks", "", "Join on it as it is")
    return sorted(found.to_pylist())


def _rows(dataset: Dataset) -> int:
    """Rows of all files, as far as files say; those that do not are taken for one partition."""
    every = (shard for file in dataset_files(dataset.inputs) for shard in shards(file, dataset.options))
    return sum(shard.rows or 0 for shard in every)


def _read(dataset: Dataset, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for file in dataset_files(dataset.inputs):
        for shard in shards(file, dataset.options):
            yield from batches(shard, dataset.options, columns)


def _columns(on: Sequence[On], subject: str | None) -> list[str]:
    return list(dict.fromkeys([*(one.field for one in on), *([subject] if subject else [])]))


def _evidence(table: Table, joined: Joined, limit: float) -> Attack:
    fields = tuple(one.field for one in table.on)
    return joined_attack(table.name, fields, joined, limit)
