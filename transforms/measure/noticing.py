"""What is noticed of files while they are read, beside what is measured: files without rows, and orders over several lines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.policy.columns import in_files
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import TypedBatch

Mask = npt.NDArray[np.bool_]

BLANK_IN_REPEATS = 0.9
"""A field is one of orders over several lines if it is blank in so large a share of the rows that repeat the key above …"""
BLANK_ELSEWHERE = 0.5
"""… and in no larger a share than this of the others."""


@dataclass
class Repeats:
    """Rows that repeat the key of the row above, and the others.

    Attributes:
        repeats: How many rows repeat it.
        others: How many do not.
        blank: Of each field in how many of the first it is null, and in how many of the others; only of those where it is.
    """

    repeats: int = 0
    others: int = 0
    blank: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def add(self, other: "Repeats") -> None:
        """Add other rows."""
        self.repeats += other.repeats
        self.others += other.others
        self.blank += other.blank

    def once(self, fields: Sequence[str]) -> tuple[str, ...]:
        """The fields that stand in the first row of a key alone."""
        return tuple(
            name
            for name in fields
            if self.repeats
            and self.blank[name, True] >= BLANK_IN_REPEATS * self.repeats
            and self.blank[name, False] <= BLANK_ELSEWHERE * self.others
        )


@dataclass
class Noticed:
    """What was noticed of files. Parts merge in any order.

    Attributes:
        rows: Rows of each file, as reports call it.
        repeats: What was counted for each key.
    """

    rows: Counter[str] = field(default_factory=Counter)
    repeats: dict[str, Repeats] = field(default_factory=dict)

    @classmethod
    def merge(cls, parts: Sequence["Noticed"]) -> "Noticed":
        """All parts together; associative."""
        merged = cls()
        for part in parts:
            for file, rows in part.rows.items():
                merged.rows[file] += rows
            for key, counted in part.repeats.items():
                merged.repeats.setdefault(key, Repeats()).add(counted)
        return merged

    def told(self, policy: Policy) -> Iterator[str]:
        """What a person should know, a sentence each without a full stop."""
        empty = sorted(file for file, rows in self.rows.items() if rows == 0)
        if empty:
            yield f"{len(empty)} of {len(self.rows)} files that were read have no row: {in_files(empty)}"
        for key in _keys(policy):
            counted = self.repeats.get(key, Repeats())
            once = counted.once(list(policy.fields))
            if once:
                yield _told(key, counted.repeats, once)
                return


def _told(key: str, repeats: int, once: Sequence[str]) -> str:
    names = ", ".join(map(bare, once))
    return (
        f"{bare(key)} is that of the row above in {repeats:,} rows, in which {names} are blank: if these are further lines of an "
        f"order, write input: {{fill_down: {{by: {bare(key)}, fields: [{names}]}}}}; as it is, a blank cell is a value of its own"
    )


class Noticing:
    """Notices what there is in the batches of a shard, which come in its order.

    Args:
        job: The run.
        shard: The shard; None for the batches of a collection, which have no order.
    """

    def __init__(self, job: Job, shard: Shard | None) -> None:
        self._ordered = shard is not None
        self._keys = _keys(job.policy) if job.policy.input.fill_down is None else ()
        self._noticed = Noticed()
        if shard is not None:
            self._noticed.rows[shard.told or shard.path] = 0

    def add(self, batch: TypedBatch) -> None:
        """Look at a batch."""
        if not self._ordered:
            return
        self._noticed.rows[batch.source] += batch.read
        columns = batch.records.columns
        for key in self._keys:
            if key in columns and len(batch.records):
                self._noticed.repeats.setdefault(key, Repeats()).add(_counted(columns, key))

    def result(self) -> Noticed:
        """What was noticed of all batches."""
        return self._noticed


def _keys(policy: Policy) -> tuple[str, ...]:
    """The fields that may tell orders, those first that do so for sure: a record's, then order numbers, then what names a person."""
    named = identities(policy)
    ordered = [name for name in policy.fields if (kind := policy.kind(name)) is not None and kind.of_orders]
    persons = [name for name in named if name != policy.subject_field]
    keys = [policy.record, *ordered, *persons, policy.subject_field]
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def _counted(columns: Mapping[str, pa.Array], key: str) -> Repeats:
    """The rows of a batch, of length n, that repeat the key of the row above."""
    repeats = _repeats(columns[key])
    count = int(np.count_nonzero(repeats))
    counted = Repeats(count, len(repeats) - count)
    if count:
        for name, column in columns.items():
            if column.null_count and name != key:
                blank = column.is_null().to_numpy(zero_copy_only=False)
                counted.blank[name, True] = int(np.count_nonzero(blank & repeats))
                counted.blank[name, False] = int(np.count_nonzero(blank & ~repeats))
    return counted


def _repeats(column: pa.Array) -> Mask:
    """Where the value of a column, of length n, is that of the row above; shape (n,)."""
    values = column.indices if isinstance(column, pa.DictionaryArray) else column
    same = np.zeros(len(column), bool)
    same[1:] = pc.equal(values[1:], values[:-1]).fill_null(False).to_numpy(zero_copy_only=False)
    return same
