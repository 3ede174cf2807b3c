"""Line 8 across runs by the letter of the design, in dictionaries and sets: nothing of it is shared with the product.

A release is what a run gave out, row by row. The figures of a new one are made of its rows and of those of all earlier ones.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .chain import Row

Person = Hashable
"""Whom an identity names; None for nobody."""


class Line(NamedTuple):
    """A row of a release: which record it is, whose by each identity, its values, and how many such rows there are."""

    record: Any
    persons: Mapping[str, Person]
    values: Mapping[str, str | None]
    count: int = 1


@dataclass(frozen=True)
class Given:
    """A release that was given out.

    Attributes:
        name: What the register calls it.
        lines: What is in it.
        fields: Its fields.
        sensitive: Which of them are sensitive, and which of these are nothing else.
        secret: Those that are sensitive and nothing else.
        k: Persons of a group.
        together: Earlier releases that it was tested with, and those of its own run.
    """

    name: str
    lines: tuple[Line, ...]
    fields: tuple[str, ...]
    sensitive: frozenset[str]
    secret: frozenset[str]
    k: int
    together: frozenset[str] = frozenset()

    @property
    def records(self) -> set[Any]:
        """The records that it has."""
        return {line.record for line in self.lines}

    def around(self, name: str) -> tuple[str, ...]:
        """What anybody may know beside a sensitive field."""
        return tuple(one for one in self.fields if one != name and one not in self.secret)


def persons_of(rows: Sequence[Row]) -> list[dict[str, Person]]:
    """Whose each row is by each identity: a null takes the only value its subject has elsewhere, else it is the subject's."""
    if not rows:
        return []
    subject, *others = rows[0].identities
    known: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in rows:
        for name in others:
            if row.identities[name] is not None:
                known[name, row.identities[subject]].add(str(row.identities[name]))
    found = []
    for row in rows:
        who = row.identities[subject]
        persons: dict[str, Person] = {subject: who}
        for name in others:
            values = known[name, who]
            if row.identities[name] is not None:
                persons[name] = row.identities[name]
            elif who is None:
                persons[name] = None
            elif len(values) == 1:
                (persons[name],) = values
            else:
                persons[name] = ("in place of", who)
        found.append(persons)
    return found


def lines_of(rows: Sequence[Row], release: str) -> tuple[Line, ...]:
    """What a run gave out in a release."""
    return tuple(
        Line(row.record, persons, row.values[release], row.left[release])
        for row, persons in zip(rows, persons_of(rows), strict=True) if row.left[release]
    )  # fmt: skip


def related(given: Sequence[Given], records: set[Any]) -> list[Given]:
    """The earlier releases that have some of the records, and those that were tested with these, and so on."""
    names = {one.name for one in given if one.records & records}
    while True:
        more = {one.name for one in given if one.name in names or one.together & names}
        more |= {name for one in given if one.name in more for name in one.together}
        if more <= names:
            return [one for one in given if one.name in names]
        names |= more


@dataclass
class Figures:
    """What the releases of a run say with earlier ones, and with each other.

    Args:
        rows: What the run read, and gives out.
        ours: Its releases, by their name in the policy; their lines are of no matter.
        given: The earlier releases that are looked at.
    """

    rows: Sequence[Row]
    ours: Mapping[str, Given]
    given: Sequence[Given]

    def __post_init__(self) -> None:
        self.persons = persons_of(self.rows)
        self.names = tuple(self.rows[0].identities) if self.rows else ()
        self.known = {row.record for row in self.rows}
        self.strangers: dict[Any, list[Mapping[str, Person]]] = {}
        for one in self.given:  # whose a record is, the last release that has it says
            here: dict[Any, list[Mapping[str, Person]]] = defaultdict(list)
            for line in one.lines:
                if line.record not in self.known:
                    here[line.record].append(line.persons)
            self.strangers.update(here)

    def all(self) -> dict[str, int]:
        """Every figure by the name of its test, of each release behind a slash."""
        found: dict[str, int] = {}
        for name in self.ours:
            if not self._gives(name):
                continue
            for other in self.ours:
                if other != name:
                    found |= self._named(name, other, [name, other], [])
            for one in self.given:
                found |= self._named(name, one.name, [name], [one])
        if len(self.ours) + len(self.given) > 2:
            for name in self.ours:
                if self._gives(name):
                    found |= self._named(name, "*", list(self.ours), list(self.given))
        return found

    def persons_by_the_letter(self, name: str, one: Given) -> int:
        """Fewest persons of a release and an earlier one on nothing but the fields that both hold."""
        columns = [field for field in one.fields if field in self.ours[name].fields]
        return self._fewest([name], [one], {name: columns}, {one.name: columns})

    def _named(self, name: str, other: str, ours: list[str], given: list[Given]) -> dict[str, int]:
        found = {f"{name}/composition:{other}": self._together(ours, given)}
        for field, asked in self._fields(name, ours, given):
            found[f"{name}/common_values:{other}:{field}"] = self._common(field, ours, given, asked)
        return found

    def _fields(self, name: str, ours: list[str], given: list[Given]) -> Iterable[tuple[str, int]]:
        """The sensitive fields that are asked about, and in how many releases a record must be."""
        several = len(ours) + len(given) > 2
        for field in sorted(self.ours[name].sensitive):
            holders = [one for one in (*(self.ours[each] for each in ours), *given) if field in one.fields]
            if several and len(holders) > 2:
                yield field, 3
            elif not several and len(holders) == 2 and all(field in one.sensitive for one in holders):
                yield field, 2

    def _together(self, ours: list[str], given: list[Given]) -> int:
        every = [*(self.ours[name] for name in ours), *given]
        several = len(every) > 2
        columns = {
            name: [field for field in self.ours[name].fields if any(field in one.fields for one in every if one is not self.ours[name])]
            for name in ours
        }
        # Of an earlier release all is looked at that any other one holds that this run is tested with: more than two alone hold.
        whole = [*self.ours.values(), *self.given] if given or several else every
        theirs = {
            one.name: [field for field in one.fields if any(field in other.fields for other in whole if other is not one)]
            for one in given
        }
        return self._fewest(ours, given, columns, theirs)

    def _fewest(
        self, ours: list[str], given: list[Given], columns: Mapping[str, Sequence[str]], theirs: Mapping[str, Sequence[str]]
    ) -> int:
        said = {one.name: _said(one, theirs[one.name]) for one in given}
        groups: dict[Hashable, dict[str, set[Person]]] = defaultdict(lambda: defaultdict(set))
        asked, waiting = set(), []
        for row, persons in zip(self.rows, self.persons, strict=True):
            mine = tuple(
                tuple(row.values[name][field] for field in columns[name]) if row.left[name] else None for name in ours
            )
            before = tuple(said[one.name].get(row.record) for one in given)
            if any(one is not None for one in mine):
                asked.add(before)
            waiting.append((mine, before, persons))
        for record, everybody in self.strangers.items():
            before = tuple(said[one.name].get(record) for one in given)
            waiting += [((None,) * len(ours), before, persons) for persons in everybody]
        for mine, before, persons in waiting:
            if all(one is None for one in mine) and (before not in asked or all(one is None for one in before)):
                continue  # in none of them, or in a group of which nothing new is said
            for name in self.names:
                groups[mine, before][name].add(persons.get(name))
        return min(min(len(who[name] - {None}) for name in self.names) for who in groups.values())

    def _common(self, field: str, ours: list[str], given: list[Given], asked: int) -> int:
        """Fewest values that the groups of a record have in common."""
        places: list[dict[int, Hashable]] = []
        values: list[dict[Hashable, set[str]]] = []
        for name in ours:
            if field in self.ours[name].fields:
                around, here, held = self.ours[name].around(field), {}, defaultdict(set)
                for at, (row, persons) in enumerate(zip(self.rows, self.persons, strict=True)):
                    if row.left[name]:
                        here[at] = tuple(row.values[name][one] for one in around)
                        held[here[at]] |= _value(row.values[name][field], persons)
                places.append(here)
                values.append(held)
        own = len(places)
        for one in given:
            if field in one.sensitive:
                around, groups, held = one.around(field), defaultdict(set), defaultdict(set)
                for line in one.lines:
                    group = tuple(line.values[name] for name in around)
                    groups[line.record].add(group)
                    held[group] |= _value(line.values[field], line.persons)
                places.append({at: _one(groups[row.record]) for at, row in enumerate(self.rows) if row.record in groups})
                values.append(held)
        found = []
        for at in range(len(self.rows)):
            there = [number for number, place in enumerate(places) if at in place]
            if len(there) >= asked and any(number < own for number in there):
                found.append(len(set.intersection(*(values[number].get(places[number][at], set()) for number in there))))
        return min(found, default=2)

    def _gives(self, name: str) -> bool:
        return any(row.left[name] for row in self.rows)


def _said(one: Given, columns: Sequence[str]) -> dict[Any, Hashable]:
    """What a release says of each record: of all its rows together."""
    rows: dict[Any, Counter[Hashable]] = defaultdict(Counter)
    for line in one.lines:
        rows[line.record][tuple(line.values[name] for name in columns)] += line.count
    return {record: frozenset(counts.items()) for record, counts in rows.items()}


def _one(groups: set[Hashable]) -> Hashable:
    """The group of a record; of one that is in several nobody can say which is its own."""
    return next(iter(groups)) if len(groups) == 1 else "several"


def _value(value: str | None, persons: Mapping[str, Person]) -> set[str]:
    """The value of a row, however it is spelled; a row that counts nobody has none."""
    return set() if value is None or None in persons.values() else {value.lower()}
