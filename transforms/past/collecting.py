"""What earlier releases say of records, collected by ranges of the key space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.past.views import Around, View
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.known_again import ABSENT, Histories, Others, Said, shared_records
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.terms import Role

ROWS = 1 << 20
"""Rows of all tables, about, that are looked at together."""


@dataclass(frozen=True)
class Slice:
    """The rows of one release in a cut of the key space."""

    entry: Entry
    prints: Prints
    columns: tuple[str, ...]

    def said(self, without: str) -> Said:
        """The code of each record's values in the columns that other releases hold as well, without one of them."""
        return self._said([name for name in self.columns if name != without])

    def open(self, without: str) -> Said:
        """The code of each record's values in the columns that are not sensitive, without one of them."""
        secret = (str(Role.SENSITIVE),)
        return self._said([name for name in self.columns if name != without and self.entry.roles[name] != secret])

    def _said(self, columns: Sequence[str]) -> Said:
        rows = combine([self.prints.values[name] for name in columns], len(self.prints.record))
        return Said.of(self.prints.record, rows)

    def persons(self, rows: np.ndarray, names: Sequence[str], null: np.uint64) -> dict[str, Fingerprints]:
        """The persons of some rows.

        Whether they are one person by an identity that was not counted then nobody knows, so that they are none.
        """
        people = self.prints.persons
        if not {*names} <= {*people}:
            return dict.fromkeys(names, np.full(len(rows), null))
        return {name: people[name][rows] for name in names}

    def unsure(self, records: Fingerprints, subjects: Fingerprints, null: np.uint64) -> np.ndarray:
        """Of which records nobody can say which they are here: their number is several persons', or another person's.

        Args:
            records: Records of the run, ascending, shape (c,).
            subjects: Whose each is, shape (c,).
            null: The key of nobody.

        Returns:
            Shape (c,), bool.
        """
        if not len(self.prints.record):
            return np.zeros(len(records), np.bool_)
        theirs = self.prints.persons[self.entry.identities[0]]
        some = theirs != null
        several = is_among(records, shared_records(self.prints.record[some], theirs[some]))
        place = np.minimum(np.searchsorted(self.prints.record, records), len(self.prints.record) - 1)
        other = (subjects != theirs[place]) & (subjects != null) & (theirs[place] != null)
        return np.asarray(several | (other & (self.prints.record[place] == records)))

    def around(self, name: str) -> Fingerprints:
        """The group around a sensitive field of each row."""
        return combine([self.prints.values[one] for one in others_than(self.entry, name)], len(self.prints.record))


@dataclass(frozen=True)
class Elsewhere:
    """The records of a cut that only earlier releases have.

    Attributes:
        records: These, ascending, each once, shape (m,).
        rows: Releases that have some of them, with the rows that say whose they are, ascending, and the place of each one's record.
    """

    records: Fingerprints
    rows: tuple[tuple[Slice, np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, cuts: Sequence[Slice], records: Fingerprints) -> "Elsewhere":
        """The records that are not among those of the cells, which are ascending."""
        every = np.unique(np.concatenate([cut.prints.record for cut in cuts]))
        others = every[~is_among(every, records)]
        taken = np.zeros(len(others), np.bool_)
        found = []
        for cut in reversed(cuts):  # whose a record is, the last release that has it says
            rows = np.flatnonzero(~is_among(cut.prints.record, records))
            place = np.searchsorted(others, cut.prints.record[rows])
            new = ~taken[place]
            taken[place] = True
            if new.any():
                found.append((cut, rows[new], place[new]))
        return cls(others, tuple(found))


class Seeing:
    """Collects a view."""

    def __init__(self, without: str, entries: Sequence[Entry], cells: Cells, others: Others) -> None:
        self.without = without
        self._histories = Histories(len(entries), len(entries))
        self._others = others
        self._of_cells = np.full(len(cells), ABSENT, np.uint64)

    def add(self, cuts: Sequence[Slice], here: np.ndarray, records: Fingerprints, elsewhere: "Elsewhere") -> None:
        """Add a range of the key space.

        Args:
            cuts: The rows of each release.
            here: The cells whose records are in this cut, shape (c,).
            records: Their records, ascending, shape (c,).
            elsewhere: The other records of the cut.
        """
        said = [cut.said(self.without) for cut in cuts]
        openly = [cut.open(self.without) for cut in cuts]
        self._of_cells[here] = self._histories.add(
            [one.at(records) for one in said], [one.at(records) for one in openly]
        )
        # A history has two numbers of each release.
        for begin in range(0, len(elsewhere.records), step := max(1, ROWS // len(cuts))):
            some = slice(begin, begin + step)
            history = self._histories.add(
                [one.along(elsewhere.records[some]) for one in said],
                [one.along(elsewhere.records[some]) for one in openly],
            )
            places = []
            people = []
            for cut, rows, place in elsewhere.rows:
                first, last = np.searchsorted(place, [begin, begin + step])
                places.append(place[first:last] - begin)
                people.append(cut.persons(rows[first:last], self._others.names, self._others.null))
            named = {name: np.concatenate([one[name] for one in people]) for name in self._others.names}
            self._others.add(history[np.concatenate(places)], named)

    def result(self, persons: Callable[[Mapping[str, Fingerprints], int, int], Persons]) -> View:
        """All of it; ``persons`` makes the persons of all rows from those of other rows and numbers of rows and crowds."""
        keys, tuples = self._histories.table()
        rows, people = self._others.rows
        crowds = self._others.crowds
        history = np.concatenate([self._of_cells, rows, crowds])
        numbers = np.where(history == ABSENT, -1, np.searchsorted(keys, history))
        is_crowd = np.zeros(len(history), np.bool_)
        is_crowd[len(history) - len(crowds) :] = True
        said, open_ = np.split(np.stack([_numbered(one) for one in tuples]), 2)
        return View(numbers, said, open_, persons(people, len(rows), len(crowds)), is_crowd)


class Arounds:
    """Collects where a sensitive field's values are in earlier releases."""

    def __init__(self, name: str, holders: tuple[Entry, ...], cells: Cells) -> None:
        self._name = name
        self.holders = holders
        self._choices = Histories(len(holders))
        self._chosen = np.full(len(cells), ABSENT, np.uint64)
        self._pairs: list[tuple[Fingerprints, Fingerprints]] = [
            (np.empty(0, np.uint64), np.empty(0, np.uint64)) for _ in holders
        ]

    def add(self, cuts: Sequence[Slice], here: np.ndarray, records: Fingerprints) -> None:
        """Add a range of the key space."""
        groups = []
        mine = [cut for cut in cuts if cut.entry in self.holders]
        for number, cut in enumerate(mine):
            group = cut.around(self._name)
            self._pairs[number] = _distinct(self._pairs[number], (group, cut.prints.normal[self._name]))
            groups.append(group_of_each(cut.prints.record, group).at(records))
        self._chosen[here] = self._choices.add(groups)

    def result(self, null: np.uint64) -> Around:
        """All of it. A record whose rows are in several groups is in one that has no value: which is its own nobody can say."""
        keys, tuples = self._choices.table()
        chosen = np.where(self._chosen == ABSENT, -1, np.searchsorted(keys, self._chosen))
        groups = []
        values = []
        many = []
        for one, (theirs, value) in zip(tuples, self._pairs, strict=True):
            known = np.unique(theirs)
            place = np.minimum(np.searchsorted(known, one), max(len(known) - 1, 0))
            there = known[place] == one if len(known) else np.zeros(len(one), np.bool_)
            groups.append(np.where(one == ABSENT, -1, np.where(there, place, len(known))))
            some = value != null
            values.append((np.searchsorted(known, theirs[some]), value[some]))
            many.append(len(known) + 1)
        stacked = np.stack(groups) if groups else np.empty((0, 0), np.int64)
        return Around(tuple(entry.name for entry in self.holders), chosen, stacked, tuple(values), tuple(many))


def others_than(entry: Entry, name: str) -> tuple[str, ...]:
    """What anybody may know of a release beside one field: see `Scope.around`."""
    return tuple(one for one, roles in entry.roles.items() if roles != (str(Role.SENSITIVE),) and one != name)


def group_of_each(records: Fingerprints, groups: Fingerprints) -> Said:
    """The group of each record; of one whose rows are in several a key that no group has."""
    said = Said.of(records, groups)
    first = np.searchsorted(records, said.records)
    own = np.where(said.several, said.said, groups[first])
    return Said(said.records, np.where(own == ABSENT, np.uint64(1), own), said.several)


def _distinct(
    before: tuple[Fingerprints, Fingerprints], more: tuple[Fingerprints, Fingerprints]
) -> tuple[Fingerprints, Fingerprints]:
    groups, values = (np.concatenate(pair) for pair in zip(before, more, strict=True))
    _, once = np.unique(combine([groups, values], len(groups)), return_index=True)
    return groups[once], values[once]


def _numbered(keys: Fingerprints) -> Counts:
    numbers, _ = ordered_codes(keys)
    # ABSENT is the least of all keys, where it is there.
    return numbers - 1 if bool((keys == ABSENT).any()) else numbers
