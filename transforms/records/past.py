"""What was given out before, as the records of this run see it: the register, read cut by cut of its key space."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.fingerprint import Keys, combine, ordered_codes
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.scoping import left_out
from beam_deid.transforms.records.cells import Cells
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.tables import Prints, PrintsFile, ranges
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.known_again import ABSENT, Histories, Others, Said
from beam_deid.transforms.risk.persons import Persons, stand_ins
from beam_deid.transforms.terms import Role

_ROWS = 1 << 20
"""Rows of all tables, about, that are looked at together."""


@dataclass(frozen=True)
class Around:
    """In which groups of earlier releases a sensitive field's values are, and which values these groups have.

    Attributes:
        names: The releases that hold the field.
        chosen: Which choice of groups each cell has, shape (n,), int64; -1 where it is in none of these releases.
        groups: The group of each release in each choice, shape (releases, choices), int64; -1 where the cell is not in it.
        values: The groups and values of each release that stand together: group, shape (pairs,), and the value's key.
        many: How many groups each release has.
    """

    names: tuple[str, ...]
    chosen: Counts
    groups: Counts
    values: tuple[tuple[Counts, Keys], ...]
    many: tuple[int, ...]


WHOLE = ""
"""The view of all columns."""


@dataclass(frozen=True)
class View:
    """What earlier releases say in some of their columns.

    Rows are the run's cells (n of them), and after them others that stand for records which only earlier releases have.

    Attributes:
        history: Number of what all of them together say of each row, shape (rows,), int64; -1 where none has it.
        said: Number of what each says in each history, shape (entries, histories), int64; -1 where it has it not.
        open: Number of what each says beside secrets, of the same shape: of the columns that are not sensitive alone.
        persons: The persons of all rows.
        crowds: Rows that stand for a crowd of persons, shape (rows,).
    """

    history: Counts
    said: Counts
    open: Counts
    persons: Persons
    crowds: np.ndarray

    def said_by(self, number: int) -> Counts:
        """Number of what one of the releases says of each row, shape (rows,); -1 where it has it not."""
        return np.append(self.said[number], -1)[self.history]

    def open_by(self, number: int) -> Counts:
        """Number of what one of the releases says of each row beside secrets, shape (rows,); -1 where it has it not."""
        return np.append(self.open[number], -1)[self.history]

    @cached_property
    def openly(self) -> Counts:
        """Number of what all releases together say of each row beside secrets, shape (rows,); -1 where none has it."""
        _, numbers = np.unique(self.open, axis=1, return_inverse=True)
        return np.append(numbers.reshape(-1), -1)[self.history]

    def over_all_rows(self, of_cells: np.ndarray) -> np.ndarray:
        """What is of the cells, shape (n,), over all rows: no release of the run has the others."""
        filler = False if of_cells.dtype == np.bool_ else -1
        return np.concatenate([of_cells, np.full(len(self.history) - len(of_cells), filler, of_cells.dtype)])


@dataclass(frozen=True)
class Past:
    """Registered releases that have some of a run's records.

    Attributes:
        entries: These releases.
        disjoint: Names of registered releases that have none of the run's records.
        untested: Why others cannot be tested, by name.
        views: What they say of all columns that others hold as well (`WHOLE`), and without each sensitive one of them that may be
            the one thing that is not known, by its name.
        crowd: How many persons are a crowd at least.
        around: Of each sensitive field that one of them holds, in which groups of theirs it is.
    """

    entries: tuple[Entry, ...] = ()
    disjoint: tuple[str, ...] = ()
    untested: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, "View"] = field(default_factory=dict)
    crowd: int = 0
    around: Mapping[str, Around] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the releases that are tested, or should be."""
        return (*(entry.name for entry in self.entries), *self.untested)


def past_of(job: Job, cells: Cells, releases: Sequence[str]) -> Past:
    """Know a run's records again in what was given out before.

    Args:
        job: The run.
        cells: Its records.
        releases: The releases of the run that are tested together.

    Returns:
        What is known; of no release where nothing is registered, or nothing of the same records.
    """
    if job.register is None or not job.register.entries or not len(cells) or not cells.has("recorded"):
        return Past()
    with contextlib.closing(_Reader(job, cells)) as reader:
        overlapping, untested = reader.overlapping()
        related = _related(job.register.entries, overlapping, untested)
        disjoint = tuple(entry.name for entry in job.register.entries if entry not in related and entry.name not in untested)
        tested = tuple(entry for entry in related if entry.name not in untested)
        if not tested:
            return Past(disjoint=disjoint, untested=untested)
        return replace(reader.read(tested, releases), disjoint=disjoint, untested=untested)


def person_keys(job: Job, cells: Cells, rows: np.ndarray) -> dict[str, Keys]:
    """The key of the person of some cells by each identity, as the register names it.

    Where each record is a person, it is known again as the record is; if that is not known nobody is.
    """
    persons, found = cells.persons, {}
    for name, numbers, keys, _ in _identities(job, persons):
        if name != EACH_RECORD:
            found[name] = np.append(keys, job.prints.null)[numbers[rows]]
        elif cells.has("recorded"):
            found[name] = cells.column("recorded")[rows]
    return found


def _identities(job: Job, persons: Persons) -> list[tuple[str, Counts, Keys, int]]:
    """Every identity as the policy calls it: the person of each cell, the key of each person, and how many there are.

    Those are among them that say the same of the cells as another one does: of other records they may not.
    """
    if not persons.names:
        return []
    names = (str(job.policy.subject), *persons.names[1:])
    found = [*zip(names, persons.numbers, persons.keys, persons.sizes, strict=True)]
    for name, other in persons.same_as.items():
        place = persons.names.index(other)
        found.append((name, persons.numbers[place], persons.same_keys[name], persons.sizes[place]))
    return found


def _related(entries: Sequence[Entry], overlapping: set[str], untested: Mapping[str, str]) -> list[Entry]:
    """The releases that have some of the records, and those that have some records of these, and so on."""
    found = {*overlapping, *untested}
    while True:
        near = {
            one for entry in entries
            for one in (entry.name, *entry.together) if entry.name in found or found & {*entry.together}
        }  # fmt: skip
        if near <= found:
            return [entry for entry in entries if entry.name in found]
        found |= near


class _Reader:
    """Reads a register's tables beside the cells of a run.

    Args:
        job: The run.
        cells: Its records.
    """

    def __init__(self, job: Job, cells: Cells) -> None:
        assert job.register is not None  # noqa: S101 - asked for only where there is one
        self._job, self._cells, self._register = job, cells, job.register
        records = cells.column("recorded")
        self._order = np.argsort(records, kind="stable")
        self._records = records[self._order]
        self._files: dict[str, PrintsFile] = {}

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()

    def overlapping(self) -> tuple[set[str], dict[str, str]]:
        """The releases that have some of the records, and why others cannot be read."""
        found, untested = set(), {}
        for entry in self._register.entries:
            reason = self._incomparable(entry)
            try:
                if not reason and self._meets(entry):
                    found.add(entry.name)
            except UsageError as error:
                reason = f"{error.what}: {error.next_step}"
            if reason:
                untested[entry.name] = f"{reason}, so what {entry.name} and this release say together was not tested"
        return found, untested

    def read(self, entries: tuple[Entry, ...], releases: Sequence[str]) -> Past:
        """What these releases say of the cells, and who else is in them."""
        columns = self._columns(entries, releases)
        names = tuple(name for name, *_ in _identities(self._job, self._cells.persons))
        layouts = [self._job.layouts[name] for name in releases]
        crowd = max([entry.k for entry in entries] + [self._job.policy.releases[name].k for name in releases])
        sensitive = tuple(dict.fromkeys(name for layout in layouts for name in layout.sensitive))
        around = {
            name: _Around(name, holders, self._cells) for name in sensitive
            if (holders := tuple(entry for entry in entries if str(Role.SENSITIVE) in entry.roles.get(name, ())))
        }  # fmt: skip
        secret = left_out(self._job.policy, releases, entries)
        seeing = [_Seeing(name, entries, self._cells, Others(names, crowd, self._job.prints.null)) for name in (WHOLE, *secret)]
        files = [self._open(entry) for entry in entries]
        for low, high in ranges([file.rows for file in files] + [len(self._cells)], _ROWS):
            here, records = self._cut(low, high)
            cuts = [
                _Cut(entry, file.read(low, high, **_wanted(entry, columns[entry.name], around)), columns[entry.name])
                for entry, file in zip(entries, files, strict=True)
            ]
            elsewhere = _Elsewhere.of(cuts, records)
            for one in seeing:
                one.add(cuts, here, records, elsewhere)
            for other in around.values():
                other.add(cuts, here, records)
        found = {name: one.result(self._job.prints.null) for name, one in around.items()}
        views = {one.without: one.result(self._persons) for one in seeing}
        return Past(entries, views=views, crowd=crowd, around=found)

    def _incomparable(self, entry: Entry) -> str:
        """Why the records of a release cannot be known again; empty if they can."""
        mine, subject = self._job.record_rule, str(self._job.policy.subject)
        if entry.table is None:
            return "the register has no fingerprints of it"
        if entry.record != mine:
            return f"its records are known by {_rule(entry.record)}, and those of this run by {_rule(mine)}"
        if not entry.identities or entry.identities[0] != subject:
            return f"its persons are told by {', '.join(entry.identities) or 'nobody'}, and those of this run by {subject}"
        return ""

    def _open(self, entry: Entry) -> PrintsFile:
        """The fingerprints of a release; a file that several share is looked through once."""
        table = entry.table
        assert table is not None  # noqa: S101 - asked before
        path = table_path(self._register.path, table.file)
        if entry.name not in self._files:
            known = next((file for file in self._files.values() if file.path == path), None)
            self._files[entry.name] = PrintsFile(path, table) if known is None else known.beside(table)
        return self._files[entry.name]

    def _cut(self, low: int, high: int) -> tuple[np.ndarray, Keys]:
        """The cells of a cut of the key space, by their records, and these."""
        begin = int(np.searchsorted(self._records, np.uint64(low)))
        end = len(self._records) if high > np.iinfo(np.uint64).max else int(np.searchsorted(self._records, np.uint64(high)))
        return self._order[begin:end], self._records[begin:end]

    def _meets(self, entry: Entry) -> bool:
        file = self._open(entry)
        for low, high in ranges([file.rows], _ROWS):
            _, records = self._cut(low, high)
            theirs = file.read(low, high, persons=(), values=(), normal=()).record
            if _among(records, theirs).any():
                return True
        return False

    def _columns(self, entries: Sequence[Entry], releases: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The columns of each release that another one of them, or a release of the run, holds as well."""
        held = {entry.name: {*entry.roles} for entry in entries} | {name: {*self._job.layouts[name].fields} for name in releases}
        return {
            entry.name: tuple(
                name for name in entry.roles if any(name in theirs for other, theirs in held.items() if other != entry.name)
            )
            for entry in entries
        }

    def _persons(self, people: Mapping[str, Keys], rows: int, crowds: int) -> Persons:
        """The persons of the cells, of other rows, and nobody for crowds."""
        before, null = self._cells.persons, self._job.prints.null
        numbers, sizes = [], []
        for name, own, keys, size in _identities(self._job, before):
            theirs = people.get(name, np.empty(0, np.uint64))
            known = {EACH_RECORD: np.empty(0, np.uint64)}.get(name, keys)  # no other record is one of these
            order = np.argsort(known)
            place = np.minimum(np.searchsorted(known[order], theirs), max(len(known) - 1, 0))
            same = known[order][place] == theirs if len(known) else np.zeros(len(theirs), np.bool_)
            new, many = ordered_codes(theirs[~same])
            found = np.empty(len(theirs), np.int64)
            found[same], found[~same] = order[place[same]], new + size
            found[theirs == null] = -1
            numbers.append(np.concatenate([own, found, np.full(crowds, -1)]))
            sizes.append(size + len(many))
        names = (*before.names, *before.same_as)
        return Persons(names, tuple(numbers), tuple(sizes), {}, before.shared, before.filled, before.nobody)


@dataclass(frozen=True)
class _Cut:
    """The rows of one release in a cut of the key space."""

    entry: Entry
    prints: Prints
    columns: tuple[str, ...]

    def said(self, without: str) -> Said:
        """What it says of each record in the columns that others hold as well, but for one."""
        return self._said([name for name in self.columns if name != without])

    @cached_property
    def open(self) -> Said:
        """What it says of each record beside secrets."""
        return self._said([name for name in self.columns if self.entry.roles[name] != (str(Role.SENSITIVE),)])

    def _said(self, columns: Sequence[str]) -> Said:
        rows = combine([self.prints.values[name] for name in columns], len(self.prints.record))
        return Said.of(self.prints.record, rows)

    def persons(self, rows: np.ndarray, names: Sequence[str], null: np.uint64) -> dict[str, Keys]:
        """The persons of some rows. Of an identity that its source did not have each subject stands for itself."""
        people = self.prints.persons
        subject = people[self.entry.identities[0]][rows]
        own = np.where(subject == null, null, stand_ins(subject))
        return {name: people[name][rows] if name in people else own for name in names}

    def around(self, name: str) -> Keys:
        """The group around a sensitive field of each row."""
        return combine([self.prints.values[one] for one in _others_than(self.entry, name)], len(self.prints.record))


@dataclass(frozen=True)
class _Elsewhere:
    """The records of a cut that only earlier releases have.

    Attributes:
        records: These, ascending, each once, shape (m,).
        rows: Releases that have some of them, with the rows that say whose they are, ascending, and the place of each one's record.
    """

    records: Keys
    rows: tuple[tuple[_Cut, np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, cuts: Sequence[_Cut], records: Keys) -> "_Elsewhere":
        """Those that are not among the records of the cells, which ascend."""
        every = np.unique(np.concatenate([cut.prints.record for cut in cuts]))
        others = every[~_among(every, records)]
        taken, found = np.zeros(len(others), np.bool_), []
        for cut in reversed(cuts):  # whose a record is, the last release that has it says
            rows = np.flatnonzero(~_among(cut.prints.record, records))
            place = np.searchsorted(others, cut.prints.record[rows])
            new = ~taken[place]
            taken[place] = True
            if new.any():
                found.append((cut, rows[new], place[new]))
        return cls(others, tuple(found))


def _among(keys: Keys, ordered: Keys) -> np.ndarray:
    """Which of some keys are among ascending ones."""
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    place = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[place] == keys)


class _Seeing:
    """Collects a view."""

    def __init__(self, without: str, entries: Sequence[Entry], cells: Cells, others: Others) -> None:
        self.without = without
        self._histories, self._others = Histories(len(entries), len(entries)), others
        self._of_cells = np.full(len(cells), ABSENT, np.uint64)

    def add(self, cuts: Sequence[_Cut], here: np.ndarray, records: Keys, elsewhere: "_Elsewhere") -> None:
        """Take a cut in.

        Args:
            cuts: The rows of each release.
            here: The cells whose records are in this cut, shape (c,).
            records: Their records, ascending, shape (c,).
            elsewhere: The other records of the cut.
        """
        said, openly = [cut.said(self.without) for cut in cuts], [cut.open for cut in cuts]
        self._of_cells[here] = self._histories.add([one.at(records) for one in said], [one.at(records) for one in openly])
        # A history has two numbers of each release.
        for begin in range(0, len(elsewhere.records), step := max(1, _ROWS // len(cuts))):
            some = slice(begin, begin + step)
            history = self._histories.add(
                [one.along(elsewhere.records[some]) for one in said], [one.along(elsewhere.records[some]) for one in openly]
            )
            places, people = [], []
            for cut, rows, place in elsewhere.rows:
                first, last = np.searchsorted(place, [begin, begin + step])
                places.append(place[first:last] - begin)
                people.append(cut.persons(rows[first:last], self._others.names, self._others.null))
            named = {name: np.concatenate([one[name] for one in people]) for name in self._others.names}
            self._others.add(history[np.concatenate(places)], named)

    def result(self, persons: Callable[[Mapping[str, Keys], int, int], Persons]) -> View:
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


def _others_than(entry: Entry, name: str) -> tuple[str, ...]:
    """What anybody may know of a release beside one field: see `Scope.around`."""
    return tuple(one for one, roles in entry.roles.items() if roles != (str(Role.SENSITIVE),) and one != name)


def _wanted(entry: Entry, columns: Sequence[str], around: Mapping[str, "_Around"]) -> dict[str, tuple[str, ...]]:
    """The columns that are read of a release."""
    sensitive = [name for name, one in around.items() if entry in one.holders]
    values = dict.fromkeys([*columns, *(other for name in sensitive for other in _others_than(entry, name))])
    return {"persons": entry.identities, "values": tuple(values), "normal": tuple(sensitive)}


class _Around:
    """Collects where a sensitive field's values are in earlier releases."""

    def __init__(self, name: str, holders: tuple[Entry, ...], cells: Cells) -> None:
        self._name, self.holders = name, holders
        self._choices = Histories(len(holders))
        self._chosen = np.full(len(cells), ABSENT, np.uint64)
        self._pairs: list[tuple[Keys, Keys]] = [(np.empty(0, np.uint64), np.empty(0, np.uint64)) for _ in holders]

    def add(self, cuts: Sequence[_Cut], here: np.ndarray, records: Keys) -> None:
        """Take a cut in."""
        groups = []
        mine = [cut for cut in cuts if cut.entry in self.holders]
        for number, cut in enumerate(mine):
            group = cut.around(self._name)
            self._pairs[number] = _distinct(self._pairs[number], (group, cut.prints.normal[self._name]))
            groups.append(_one_group(cut.prints.record, group).at(records))
        self._chosen[here] = self._choices.add(groups)

    def result(self, null: np.uint64) -> Around:
        """All of it. A record whose rows are in several groups is in one that has no value: which is its own nobody can say."""
        keys, tuples = self._choices.table()
        chosen = np.where(self._chosen == ABSENT, -1, np.searchsorted(keys, self._chosen))
        groups, values, many = [], [], []
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


def _one_group(records: Keys, groups: Keys) -> Said:
    """The group of each record; of one whose rows are in several a key that no group has."""
    said = Said.of(records, groups)
    first = np.searchsorted(records, said.records)
    own = np.where(said.several, said.said, groups[first])
    return Said(said.records, np.where(own == ABSENT, np.uint64(1), own), said.several)


def _distinct(before: tuple[Keys, Keys], more: tuple[Keys, Keys]) -> tuple[Keys, Keys]:
    groups, values = (np.concatenate(pair) for pair in zip(before, more, strict=True))
    _, once = np.unique(combine([groups, values], len(groups)), return_index=True)
    return groups[once], values[once]


def _numbered(keys: Keys) -> Counts:
    numbers, _ = ordered_codes(keys)
    # ABSENT is the least of all keys, where it is there.
    return numbers - 1 if bool((keys == ABSENT).any()) else numbers


def _rule(rule: str) -> str:
    kind, _, name = rule.partition(":")
    return name if kind == "field" else "all their columns as they were then"


