"""Files joined with an attacker's table, as large as they may be: the dataset is read a partition at a time."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.attack.evidence import joined_attack
from beam_deid.transforms.attack.knowledge import MOST_MASKS, Knowledge, shapes
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.attacker_table import Table, check_table, read_probes
from beam_deid.transforms.dataset.files import DatasetFiles
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.evidence import Attack
from beam_deid.transforms.risk.joining import Join
from beam_deid.transforms.risk.probes import Numbers, Probes, Released
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.files import match

JOINING = "joining"

PARTITION_ROWS = 1 << 23
"""Most released rows, about, that are in memory together: 40 bytes each, and three times that while they are ordered."""


@dataclass(frozen=True)
class Dataset:
    """What is attacked.

    Attributes:
        files: Its files.
        subject: The column that says whom a record is about.
    """

    files: DatasetFiles
    subject: str | None = None


@dataclass(frozen=True)
class _Partition:
    """One of equal parts of all keys. A key's high bits say which one it is in; its low bits have order within it.

    Attributes:
        number: Its number, from 0.
        of: How many there are.
    """

    number: int
    of: int

    def holds(self, keys: Fingerprints) -> Bools:
        """Which of the keys (n,) are in it."""
        if self.of == 1:
            return np.ones(len(keys), bool)
        held: Bools = (keys >> np.uint64(32)) % np.uint64(self.of) == self.number
        return held


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
    PROGRESS.start(JOINING)
    found = match([table.glob])
    options = dataset.files.options
    truth = check_table(table, found, dataset.files.types, dataset.subject, options)
    key = FingerprintKey.new()
    masked = {one.field: _shapes(dataset, one.field) for one in table.on if one.masked}
    knowledge = Knowledge(table.on, masked, key)
    probes = read_probes(table, found, knowledge, options, dataset.subject if truth else None, key)
    join = Join(probes, truth, k)
    parts = max(1, -(-dataset.files.rows() // partition_rows))
    for number in range(parts):
        partition = _Partition(number, parts)
        mine = probes.where(partition.holds(probes.keys)) if parts > 1 else probes
        chunk = _released(dataset, table, knowledge, mine, partition, key)
        join.add(chunk.released(probes.low.shape[1]), mine, chunk.missed, chunk.persons)
    return joined_attack(table.name, tuple(one.field for one in table.on), join.result(), limit)


def _released(
    dataset: Dataset, table: Table, knowledge: Knowledge, probes: Probes, partition: _Partition, key: FingerprintKey
) -> _Chunk:
    """The rows of a partition whose key is one of the probes'; of the others only how many they are."""
    chunk = _Chunk()
    wanted = pa.array(np.unique(probes.keys))
    columns = table.columns(dataset.subject)
    for batch in dataset.files.batches(columns):
        given = dict(zip(columns, batch.columns, strict=True))
        keys, values = knowledge.released(given, batch.num_rows)
        here = partition.holds(keys)
        met = _met(keys, here, wanted)
        chunk.missed += int(here.sum() - met.sum())
        chunk.keys.append(keys[met])
        chunk.values.append(values[met])
        if dataset.subject is not None:
            who = fingerprint(given[dataset.subject], key)
            chunk.subject.append(who[met])
            chunk.people.append(np.unique(who[partition.holds(who)]))
    return chunk


def _met(keys: Fingerprints, here: Bools, wanted: pa.Array) -> Bools:
    """Which of the keys (n,) are in the partition and among those wanted."""
    met = here.copy()
    met[here] = pc.is_in(pa.array(keys[here]), value_set=wanted).to_numpy(zero_copy_only=False)
    return met


def _shapes(dataset: Dataset, name: str) -> list[str]:
    """The shapes of masks in a column."""
    found = pa.array([], pa.string())
    for batch in dataset.files.batches([name]):
        found = pc.unique(pa.concat_arrays([found, shapes(batch.column(0))]))
        if len(found) > MOST_MASKS:
            raise UsageError(f"{name} has more than {MOST_MASKS} shapes of masks", "", "Join on it as it is")
    return sorted(found.to_pylist())
