"""Rows that are alike in some columns, and how many persons are among them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.on_demand import MadeInOrder
from beam_deid.transforms.risk.dominance import Shares, dominating
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.numbering import Numbered
from beam_deid.transforms.risk.persons import Persons, distinct_per_group, least_of


class Groups(ABC):
    """Groups of records, and how many persons are in each.

    Args:
        many: How many groups there are.
        persons: Whom records count for: the identities, and which of them may show the fewest.
        known: Persons of each group by each identity, each of shape (groups,), where groups have other records as well.
    """

    def __init__(self, many: int, persons: Persons, known: tuple[Counts, ...] | None = None) -> None:
        self.many = many
        self._persons = persons
        self._known = known

    def __len__(self) -> int:
        return self.many

    @property
    @abstractmethod
    def records(self) -> Counts:
        """Records of each group, shape (groups,)."""

    @property
    @abstractmethod
    def by_identity(self) -> Sequence[Counts]:
        """Distinct persons of each group by each identity, each of shape (groups,)."""

    @property
    @abstractmethod
    def greatest_shares(self) -> dict[str, Shares]:
        """The greatest share of each group's records that one person has, shape (groups,), by each identity that decides."""

    @cached_property
    def _least(self) -> tuple[Counts, Counts]:
        return self._counted() if self._known is None else least_of(self._known, self._persons.deciding)

    @abstractmethod
    def _counted(self) -> tuple[Counts, Counts]:
        """The least persons of each group, and which identity says so: see `least_of`."""

    @property
    def persons(self) -> Counts:
        """Persons of each group, shape (groups,): the least over the identities of the distinct values in it."""
        return self._least[0]

    @property
    def deciding(self) -> str:
        """The identity by which a smallest group has the fewest persons; of several the first."""
        least, which = self._least
        return self._persons.names[int(which[least == least.min()].min())]

    @property
    def fewest(self) -> int:
        """Number of persons in the smallest group."""
        return int(self.persons.min())


class RowGroups(Groups):
    """Groups of rows, of which all are at hand.

    Args:
        numbered: The group of each row, shape (n,), and how many there are.
        counts: Records of each row, shape (n,).
        persons: Whom the rows count for.
        known: See `Groups`.
    """

    def __init__(
        self, numbered: Numbered, counts: Counts, persons: Persons, known: tuple[Counts, ...] | None = None
    ) -> None:
        super().__init__(numbered.many, persons, known)
        self.numbers = numbered.numbers
        self._counts = counts

    @cached_property
    def records(self) -> Counts:
        """Records of each group, shape (groups,)."""
        return tally(self.numbers, self._counts, self.many)

    def _counted(self) -> tuple[Counts, Counts]:
        deciding = self._persons.deciding
        if not deciding:  # nothing is measured
            return np.zeros(self.many, np.int64), np.full(self.many, -1, np.int64)
        return least_of({at: self.by_identity[at] for at in deciding}, deciding)

    @cached_property
    def by_identity(self) -> Sequence[Counts]:
        """Distinct persons of each group by each identity, each of shape (groups,), counted when they are asked for."""
        # What makes them must not know these groups: a cycle would keep a bucket's columns until it is collected.
        numbers = self.numbers
        many = self.many
        persons = self._persons
        return MadeInOrder(
            len(persons.names), lambda at: distinct_per_group(numbers, many, persons.numbers[at], persons.sizes[at])
        )

    @property
    def greatest_shares(self) -> dict[str, Shares]:
        """See `Groups.greatest_shares`."""
        return {
            name: dominating(self.numbers, self.many, self._counts, persons, size)[0]
            for persons, size, name in self.coarsest
        }

    @property
    def by_person(self) -> Sequence[tuple[Counts, int]]:
        """The person of each row by each identity, shape (n,), -1 for nobody, and how many there may be."""
        numbers = self._persons.numbers
        return MadeInOrder(len(numbers), lambda at: (numbers[at], self._persons.sizes[at]))

    @property
    def coarsest(self) -> tuple[tuple[Counts, int, str], ...]:
        """As `by_person`, without identities whose persons are parts of another one's, and with each identity's name."""
        return tuple((*self.by_person[at], self._persons.names[at]) for at in self._persons.deciding)

    @property
    def rows(self) -> Counts:
        """Records of each row, shape (n,)."""
        return self._counts

    def first_rows(self, chosen: npt.NDArray[np.bool_]) -> Counts:
        """A row of each chosen group, in the order of their numbers."""
        rows = np.empty(self.many, np.int64)
        rows[self.numbers[::-1]] = np.arange(len(self.numbers) - 1, -1, -1)
        return rows[chosen]
