"""Tallies of one kind, added up, and the groups that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.tallies import (
    IDENTITIES,
    KEY,
    KIND,
    MOST,
    NOBODY,
    PERSONS,
    RECORDS,
    SOMEBODY,
    VALUE_KEY,
)
from beam_deid.transforms.risk.dominance import Shares
from beam_deid.transforms.risk.groups import Groups
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.persons import Persons, least_of
from beam_deid.transforms.run.layout import Column


@dataclass(frozen=True)
class Table:
    """What is counted of groups, or of pairs of a group and a value. Arrays are of shape (g,).

    Attributes:
        keys: Their groups, ascending.
        values: Their values, ascending within a group; 0 where groups are counted.
        records: Their records.
        persons: Their persons by each identity.
        nobody: Their records that count nobody, by each identity.
        most: The most records that one person has, by each identity.
        somebody: The key of one of their subjects, or that of null.
    """

    keys: Fingerprints
    values: Fingerprints
    records: Counts
    persons: tuple[Counts, ...]
    nobody: tuple[Counts, ...]
    most: tuple[Counts, ...]
    somebody: Fingerprints

    @classmethod
    def of(cls, columns: Mapping[Column, Fingerprints], identities: int) -> "Table":
        """Add up what was counted.

        Args:
            columns: The columns of tallies of one kind, each of shape (n,).
            identities: How many identities there are.
        """
        order = np.lexsort((columns[VALUE_KEY], columns[KEY]))
        keys = columns[KEY][order]
        values = columns[VALUE_KEY][order]
        new = np.r_[True, (keys[1:] != keys[:-1]) | (values[1:] != values[:-1])][: len(keys)]
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.cumsum(new) - 1
        place = columns[KIND] % np.uint64(IDENTITIES)
        parts = [_Part.of(columns, numbers, place == np.uint64(at)) for at in range(max(identities, 1))]
        many = int(np.count_nonzero(new))
        every = parts[:identities]
        return cls(
            keys=keys[new],
            values=values[new],
            records=parts[0].added(RECORDS, many),
            persons=tuple(part.added(PERSONS, many) for part in every),
            nobody=tuple(part.added(NOBODY, many) for part in every),
            most=tuple(part.greatest(MOST, many) for part in every),
            somebody=parts[0].any(SOMEBODY, many),
        )

    def where(self, chosen: Bools) -> "Table":
        """Some of them, shape (g,), bool."""
        return Table(
            self.keys[chosen],
            self.values[chosen],
            self.records[chosen],
            tuple(each[chosen] for each in self.persons),
            tuple(each[chosen] for each in self.nobody),
            tuple(each[chosen] for each in self.most),
            self.somebody[chosen],
        )


@dataclass(frozen=True)
class _Part:
    """The tallies of one identity, of shape (n,)."""

    columns: Mapping[Column, Fingerprints]
    numbers: Counts

    @classmethod
    def of(cls, columns: Mapping[Column, Fingerprints], numbers: Counts, rows: Bools) -> "_Part":
        """Some tallies, with the number of what each is about."""
        return cls({column: each[rows] for column, each in columns.items()}, numbers[rows])

    def added(self, column: Column, many: int) -> Counts:
        """Counts, added up, shape (many,)."""
        return tally(self.numbers, self.columns[column].view(np.int64), many)

    def greatest(self, column: Column, many: int) -> Counts:
        """The greatest of the counts, shape (many,)."""
        most = np.zeros(many, np.int64)
        np.maximum.at(most, self.numbers, self.columns[column].view(np.int64))
        return most

    def any(self, column: Column, many: int) -> Fingerprints:
        """One of the keys, shape (many,)."""
        found = np.zeros(many, np.uint64)
        found[self.numbers] = self.columns[column]
        return found


class TalliedGroups(Groups):
    """Groups of which tallies are at hand.

    Args:
        table: What is counted of them.
        persons: Whom records count for.
        known: See `Groups`.
    """

    def __init__(self, table: Table, persons: Persons, known: tuple[Counts, ...] | None = None) -> None:
        super().__init__(len(table.keys), persons, known)
        self.table = table

    @property
    def records(self) -> Counts:
        """See `Groups.records`."""
        return self.table.records

    @property
    def by_identity(self) -> tuple[Counts, ...]:
        """See `Groups.by_identity`."""
        return self.table.persons

    @property
    def greatest_shares(self) -> dict[str, Shares]:
        """See `Groups.greatest_shares`."""
        names = self._persons.names
        return {names[at]: np.asarray(self.table.most[at] / self.records) for at in self._persons.deciding}

    @property
    def subjects(self) -> Counts:
        """Distinct subjects of each group, shape (groups,); all that count nobody are one."""
        return self.table.persons[0] + (self.table.nobody[0] > 0)

    def _counted(self) -> tuple[Counts, Counts]:
        deciding = self._persons.deciding
        if not deciding:
            return np.zeros(self.many, np.int64), np.full(self.many, -1, np.int64)
        return least_of(self.table.persons, deciding)
