"""Records found again in earlier releases: what each of these says of them, and the persons whom only they contain.

The register is read by ranges ("cuts") of the key space, so that no more than one range is in memory. What stays in memory grows
with the number of groups, not of records: what several releases say together of a record is one of a number of *histories*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.columns.combining import combine, mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.persons import distinct_per_group

ABSENT = np.uint64(0)
"""What a release says of a record that is not in it."""

_LEAST_LOOSE = 1 << 16
"""Histories, at least, that are noted before those that are alike are put together."""


@dataclass(frozen=True)
class Said:
    """What a release says of each record of a cut.

    Attributes:
        records: The records' keys, ascending, each once, shape (m,).
        said: What the release says of each, shape (m,), dtype uint64; never `ABSENT`.
        several: Whether its rows say different things, where several rows have one record, shape (m,).
    """

    records: Fingerprints
    said: Fingerprints
    several: np.ndarray

    @classmethod
    def of(cls, records: Fingerprints, rows: Fingerprints) -> "Said":
        """What all rows of a record say together; their order does not matter, how many there are does.

        Args:
            records: Record of each row, ascending, shape (n,).
            rows: What each row says, shape (n,).
        """
        first = np.ones(len(records), np.bool_)
        np.not_equal(records[1:], records[:-1], out=first[1:])
        begins = np.flatnonzero(first)
        if len(begins) == len(records):
            return cls(records, _never_absent(mix(rows.copy())), np.zeros(len(records), np.bool_))
        # A sum of scrambled keys tells multisets apart (Clarke et al., 2003: incremental multiset hash functions).
        together = np.add.reduceat(mix(rows.copy()), begins) if len(begins) else rows[:0]
        lowest, highest = (how.reduceat(rows, begins) for how in (np.minimum, np.maximum))
        return cls(records[begins], _never_absent(together), lowest != highest)

    def at(self, records: Fingerprints) -> Fingerprints:
        """What is said of some records, shape (m,); `ABSENT` of those that are not there."""
        place = np.searchsorted(self.records, records)
        near = np.minimum(place, max(len(self.records) - 1, 0))
        if not len(self.records):
            return np.full(len(records), ABSENT, np.uint64)
        return np.where(self.records[near] == records, self.said[near], ABSENT)

    def along(self, records: Fingerprints) -> Fingerprints:
        """What is said of some records that ascend, each once: `at`, for as many as there are or more, shape (m,)."""
        begin = int(np.searchsorted(self.records, records[0])) if len(records) else 0
        end = int(np.searchsorted(self.records, records[-1], side="right")) if len(records) else 0
        found = np.full(len(records), ABSENT, np.uint64)
        place = np.searchsorted(records, self.records[begin:end])
        there = records[place] == self.records[begin:end]
        found[place[there]] = self.said[begin:end][there]
        return found


def shared_records(records: Fingerprints, persons: Fingerprints | Counts) -> Fingerprints:
    """Record keys, ascending, that occur with several persons, and so identify no single record.

    Args:
        records: Record of each row, shape (n,).
        persons: Its person, shape (n,); rows that count nobody are left out.
    """
    order = np.lexsort([persons, records])
    record = records[order]
    person = persons[order]
    differs = (record[1:] == record[:-1]) & (person[1:] != person[:-1])
    return np.unique(record[1:][differs])


def _never_absent(keys: Fingerprints) -> Fingerprints:
    return np.where(keys == ABSENT, np.uint64(1), keys)


@dataclass
class Histories:
    """The distinct tuples of what several releases say of a record.

    Attributes:
        many: How many releases there are.
        notes: How many things are noted beside of each history, which follow from it.
    """

    many: int
    notes: int = 0
    _keys: list[Fingerprints] = field(default_factory=list)
    _tuples: list[Fingerprints] = field(default_factory=list)

    def add(self, said: Sequence[Fingerprints], notes: Sequence[Fingerprints] = ()) -> Fingerprints:
        """Add what the releases say of the records of a range of the key space.

        Args:
            said: What each release says of each, each of shape (m,).
            notes: What follows from that, each of shape (m,): the same wherever all releases say the same.

        Returns:
            The key of each record's history, shape (m,); `ABSENT` where no release has it.
        """
        stacked = np.stack([*said, *notes])
        keys = _never_absent(combine(said, stacked.shape[1]))
        keys[(stacked[: self.many] == ABSENT).all(axis=0)] = ABSENT
        distinct, first = np.unique(keys, return_index=True)
        known = distinct != ABSENT
        self._keys.append(distinct[known])
        self._tuples.append(stacked[:, first[known]])
        # Most are there already: what is kept is never much more than all histories.
        if sum(map(len, self._keys[1:])) > max(len(self._keys[0]), _LEAST_LOOSE):
            self.table()
        return keys

    def table(self) -> tuple[Fingerprints, Fingerprints]:
        """All histories: their keys, ascending, shape (h,), and what is said in each, then the notes, shape (many + notes, h)."""
        if not self._keys:
            return np.empty(0, np.uint64), np.empty((self.many + self.notes, 0), np.uint64)
        keys, first = np.unique(np.concatenate(self._keys), return_index=True)
        tuples = np.concatenate(self._tuples, axis=1)[:, first]
        self._keys = [keys]
        self._tuples = [tuples]
        return keys, tuples


@dataclass
class Others:
    """Records that only earlier releases have: of each history as many persons as tell whether they are a crowd.

    Attributes:
        names: The identities by which persons are counted.
        crowd: How many persons are a crowd, by every identity: no more need be told apart.
        null: The key of nobody.
    """

    names: tuple[str, ...]
    crowd: int
    null: np.uint64
    _crowds: Fingerprints = field(default_factory=lambda: np.empty(0, np.uint64))
    _history: Fingerprints = field(default_factory=lambda: np.empty(0, np.uint64))
    _persons: dict[str, Fingerprints] = field(default_factory=dict)

    def add(self, history: Fingerprints, persons: Mapping[str, Fingerprints]) -> None:
        """Add the rows of a range of the key space.

        Args:
            history: The key of each row's history, shape (n,).
            persons: The key of each row's person by each identity, each of shape (n,).
        """
        loose = ~np.isin(history, self._crowds)
        columns = {
            name: np.concatenate([self._persons.get(name, history[:0]), persons[name][loose]]) for name in self.names
        }
        rows = np.concatenate([self._history, history[loose]])
        # Rows that are alike tell nothing twice.
        _, once = np.unique(combine([rows, *columns.values()], len(rows)), return_index=True)
        rows = rows[once]
        columns = {name: keys[once] for name, keys in columns.items()}
        numbers, distinct = ordered_codes(rows)
        enough = self._counted(numbers, len(distinct), columns) >= self.crowd
        left = ~enough[numbers]
        self._crowds = np.union1d(self._crowds, distinct[enough])
        self._history = rows[left]
        self._persons = {name: keys[left] for name, keys in columns.items()}

    def add_crowds(self, history: Fingerprints) -> None:
        """Add histories of which it is known already that a crowd has them, before any rows of theirs."""
        self._crowds = np.union1d(self._crowds, history)

    def _counted(self, numbers: Counts, many: int, columns: Mapping[str, Fingerprints]) -> Counts:
        least = np.full(many, np.iinfo(np.int64).max)
        for keys in columns.values():
            people, everybody = ordered_codes(keys)
            people[keys == self.null] = -1
            least = np.minimum(least, distinct_per_group(numbers, many, people, len(everybody)))
        return least

    @property
    def crowds(self) -> Fingerprints:
        """Histories that a crowd has, shape (c,)."""
        return self._crowds

    @property
    def rows(self) -> tuple[Fingerprints, Mapping[str, Fingerprints]]:
        """The rows of all other histories, and their persons."""
        return self._history, self._persons
