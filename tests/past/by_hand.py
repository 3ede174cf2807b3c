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
        public: Whether everybody has it.
        together: Earlier releases that it was tested with, and those of its own run.
    """

    name: str
    lines: tuple[Line, ...]
    fields: tuple[str, ...]
    sensitive: frozenset[str]
    secret: frozenset[str]
    k: int
    public: bool = False
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
        for row, persons in zip(rows, persons_of(rows), strict=True)
        if row.left[release]
    )


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
        owners = {(row.record, row.identities[self.names[0]]) for row in self.rows} if self.rows else set()
        every = [owners, *({(line.record, line.persons[self.names[0]]) for line in one.lines} for one in self.given)]
        counts = [Counter(record for record, who in pairs if who is not None) for pairs in every]
        self.unknown = {None} | {record for count in counts for record, persons in count.items() if persons > 1}
        for pairs in every[1:]:  # a number that is another person's in an earlier release tells nothing
            both = Counter(record for record, who in owners | pairs if who is not None and record in self.known)
            self.unknown |= {record for record, persons in both.items() if persons > 1}
        self.strangers: dict[Any, list[Mapping[str, Person]]] = {}
        for one in self.given:  # whose a record is, the last release that has it says
            here: dict[Any, list[Mapping[str, Person]]] = defaultdict(list)
            for line in one.lines:
                if line.record not in self.known:
                    here[line.record].append(line.persons)
            self.strangers.update(here)

    def all(self) -> dict[str, int | None]:
        """Every figure by the name of its test, behind its release and a slash; None where it cannot be told."""
        found: dict[str, int | None] = {}
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

    def _named(self, name: str, other: str, ours: list[str], given: list[Given]) -> dict[str, int | None]:
        said = set().union(*(one.records for one in given)) & self.unknown
        lost = any(row.record in said and any(row.left[one] for one in ours) for row in self.rows)
        found: dict[str, int | None] = {f"{name}/composition:{other}": None if lost else self._together(ours, given)}
        for field, asked in self._fields(name, ours, given):
            found[f"{name}/common_values:{other}:{field}"] = None if lost else self._common(field, ours, given, asked)
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
        columns = {
            name: [field for field in self.ours[name].fields if sum(field in other.fields for other in every) > 1]
            for name in ours
        }
        # Of an earlier release all is looked at that any other one holds that this run is tested with: more than two alone hold.
        whole = [*self.ours.values(), *self.given]
        theirs = {
            one.name: [field for field in one.fields if sum(field in other.fields for other in whole) > 1]
            for one in given
        }
        return self._fewest(ours, given, columns, theirs)

    def _fewest(
        self,
        ours: list[str],
        given: list[Given],
        columns: Mapping[str, Sequence[str]],
        theirs: Mapping[str, Sequence[str]],
    ) -> int:
        """Fewest persons who are alike on all columns but one sensitive one, whichever it is.

        On all columns those are asked about whom the releases tell from others with whom one of them alone has them together.
        """
        every = [*(self.ours[name] for name in ours), *given]
        held = Counter(field for one in every for field in one.fields)
        secrets = sorted(field for one in every for field in one.sensitive if held[field] > 1)
        # Of what the public has anything may be known; where it is tested with earlier releases, all of these are looked at so.
        if any(one.public for one in ([*self.ours.values(), *self.given] if given else every)):
            secrets = []
        found = []
        for without in dict.fromkeys([None, *secrets]):
            groups = self._groups(ours, given, columns, theirs, without)
            places = range(len(ours) + 1)
            within = {at: Counter(key[at] for key in groups) for at in places}
            found += [
                min(len(who[name] - {None}) for name in self.names)
                for key, who in groups.items()
                if without or not secrets or any(key[at] is not None and within[at][key[at]] > 1 for at in places)
            ]
        return min(found, default=max(one.k for one in every))

    def _groups(
        self,
        ours: list[str],
        given: list[Given],
        columns: Mapping[str, Sequence[str]],
        theirs: Mapping[str, Sequence[str]],
        without: str | None,
    ) -> dict[tuple[Hashable, ...], dict[str, set[Person]]]:
        """Who is alike in what each release says of a record, and all earlier ones together, without a column."""
        said = [_said(one, [field for field in theirs[one.name] if field != without]) for one in given]
        openly = [
            _said(one, [field for field in theirs[one.name] if field not in (*one.secret, without)]) for one in given
        ]
        rows: list[tuple[Any, tuple[Hashable, ...], Mapping[str, Person]]] = []
        for row, persons in zip(self.rows, self.persons, strict=True):
            mine = tuple(
                tuple(row.values[name][field] for field in columns[name] if field != without)
                if row.left[name]
                else None
                for name in ours
            )
            rows.append((row.record, mine, persons))
        for record, everybody in self.strangers.items():
            rows += [(record, (None,) * len(ours), persons) for persons in everybody]
        # An earlier group of which the run has nothing says what it said before.
        asked = {tuple(one.get(record) for one in openly) for record, mine, _ in rows if {*mine} != {None}}
        groups: dict[tuple[Hashable, ...], dict[str, set[Person]]] = defaultdict(lambda: defaultdict(set))
        for record, mine, persons in rows:
            before = tuple(one.get(record) for one in said)
            known = any(one is not None for one in before) and tuple(one.get(record) for one in openly) in asked
            key = (*mine, before if known else None)
            if {*key} != {None}:
                for name in self.names:
                    groups[key][name].add(persons.get(name))
        return groups

    def _common(self, field: str, ours: list[str], given: list[Given], asked: int) -> int:
        """Fewest values that the groups of a record have in common."""
        places: list[dict[int, Hashable]] = []
        values: list[dict[Hashable, set[str]]] = []
        for name in ours:
            if field in self.ours[name].fields:
                around = self.ours[name].around(field)
                here = {}
                held = defaultdict(set)
                for at, (row, persons) in enumerate(zip(self.rows, self.persons, strict=True)):
                    if row.left[name]:
                        here[at] = tuple(row.values[name][one] for one in around)
                        held[here[at]] |= _value(row.values[name][field], persons)
                places.append(here)
                values.append(held)
        own = len(places)
        for one in given:
            if field in one.sensitive:
                around = one.around(field)
                groups = defaultdict(set)
                held = defaultdict(set)
                for line in one.lines:
                    group = tuple(line.values[name] for name in around)
                    groups[line.record].add(group)
                    held[group] |= _value(line.values[field], line.persons)
                places.append(
                    {at: _one(groups[row.record]) for at, row in enumerate(self.rows) if row.record in groups}
                )
                values.append(held)
        found = []
        for at in range(len(self.rows)):
            there = [number for number, place in enumerate(places) if at in place]
            if len(there) >= asked and any(number < own for number in there):
                found.append(
                    len(set.intersection(*(values[number].get(places[number][at], set()) for number in there)))
                )
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
