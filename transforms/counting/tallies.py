"""What is counted of heavy groups, whose records lie in many buckets: tables of groups that are added up.

Whoever counts persons must have all records of a person together, so heavy records are brought to buckets by each identity, one
after the other. Each bucket counts its own persons of every group, and of every pair of a group and a sensitive value. No person
is in two of them: what the buckets count is added up by group, in buckets of groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.closeness import T
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.dominance import greatest_holdings
from beam_deid.transforms.risk.histogram import Counts, Histogram, distinct_per_number, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, joined

VALUE = "value"
"""Values with all spellings of one as one; a column of a field."""
WRITTEN = "written"
"""Values as they are written; a column of a field."""

TALLIES = "tallies"
_PARTS = "parts of tallies"
KIND = Column("kind of table, and place of the identity")
KEY = Column("group")
VALUE_KEY = Column("value")
PERSONS = Column("persons")
NOBODY = Column("records of nobody")
RECORDS = Column("records")
MOST = Column("most records of a person")
SOMEBODY = Column("a person")
COLUMNS = (KIND, KEY, VALUE_KEY, PERSONS, NOBODY, RECORDS, MOST, SOMEBODY)
_WHAT = (KIND, KEY, VALUE_KEY)
"""Columns that say what a tally is about."""
IDENTITIES = 1 << 16
"""There are fewer identities than this, so that one number tells the kind of a table and an identity."""

_ANYTHING = References(True, {}, {})


@dataclass(frozen=True)
class Kind:
    """What a table counts.

    Attributes:
        columns: The columns that make the groups, ascending.
        value: The column of which the pairs of a group and a value are counted; none if this counts groups.
    """

    columns: tuple[str, ...]
    value: Column | None = None

    @classmethod
    def of_groups(cls, columns: Sequence[str]) -> "Kind":
        """The table of the groups of some columns. Those of one column are told with its value, by which others are asked."""
        wanted = tuple(sorted(columns))
        return cls(wanted, Column(WRITTEN, wanted[0]) if len(wanted) == 1 else None)

    @classmethod
    def of_values(cls, scope: Scope, value: Column) -> "Kind":
        """The table of the values of a sensitive column in the groups around it."""
        return cls(tuple(sorted(scope.around(value.field))), value)


def kinds_of(scope: Scope) -> tuple[Kind, ...]:
    """All that a label asks of groups; the groups that nobody may dominate come first."""
    asked = [test.columns for requirement, test in planned(scope) if requirement.by_group]
    around = [scope.around(name) for name in scope.sensitive]
    close = [name for name in scope.sensitive if T.of_field(scope.asked, name) is not None]
    values = [*(Column(VALUE, name) for name in scope.sensitive), *(Column(WRITTEN, name) for name in close)]
    groups = [Kind.of_groups(columns) for columns in (scope.rest, scope.columns, *asked, *around)]
    return tuple(dict.fromkeys([*groups, *(Kind.of_values(scope, value) for value in values)]))


def value_keys(seen: Candidate, column: Column) -> Fingerprints:
    """The key of each row's value of a sensitive column, as it is written or not, shape (m,)."""
    data = seen.data
    keys = data.normal_keys if column.what == VALUE else data.key
    return keys(column.field, seen.levels)[seen.cells]


def tallied(classes: Classes, stages: Stages) -> Classes:
    """Count what is left of heavy groups, where there are any and this is not done yet.

    Raises:
        OutputError: Rows cannot be set aside.
    """
    if classes.heavy is None or classes.tallies is not None:
        return classes
    kinds = kinds_of(classes.source.layout.scope)
    _, streams = stages.run(_BySubject(classes, kinds), classes.heavy.filled)
    found = _added(stages.take(streams, _PARTS), stages)
    for place, column in enumerate(classes.source.people.columns):
        stream = streams.pop(_stream(column.field), None)
        if stream is not None:
            by_person = _ByPerson(kinds, stream, place, column, classes.source.job.prints.null)
            _, more = stages.run(by_person, stream.filled)
            found = joined([found, _added(stages.take(more, _PARTS), stages)])
    return replace(classes, tallies=stages.take(found, TALLIES))


def _added(parts: Stream, stages: Stages) -> Streams:
    """Add tallies up before those of a group come together: how many that are does not depend on how many buckets counted them."""
    _, streams = stages.run(_AddUp(parts), parts.filled)
    return streams


def _stream(identity: str) -> str:
    return f"heavy by {identity}"


@dataclass(frozen=True)
class _Rows:
    """Rows of heavy groups.

    Attributes:
        counts: Records of each row, shape (n,).
        groups: The key of each row's group, shape (n,), by the columns that make groups.
        values: The key of each row's value, shape (n,), by sensitive column.
    """

    counts: Counts
    groups: Mapping[tuple[str, ...], Fingerprints]
    values: Mapping[Column, Fingerprints]

    @classmethod
    def of(cls, seen: Candidate, kinds: Sequence[Kind]) -> "_Rows":
        """The rows that are left of a candidate."""
        groups = {}
        for columns in dict.fromkeys(kind.columns for kind in kinds):
            groups[columns] = seen.group_keys(columns)
        return cls(seen.counts, groups, {column: value_keys(seen, column) for column in _values_in(kinds)})

    @property
    def columns(self) -> dict[Column, Fingerprints]:
        """The same as columns of a stream, but for the records."""
        groups = {Column(str(at)): keys for at, keys in enumerate(self.groups.values())}
        return groups | dict(self.values)

    @classmethod
    def read(cls, stream: Stream, bucket: int, person: Column, kinds: Sequence[Kind]) -> "tuple[_Rows, Fingerprints]":
        """Read what was set aside as `columns`, and whose each row is."""
        names = list(dict.fromkeys(kind.columns for kind in kinds))
        places = [Column(str(at)) for at in range(len(names))]
        columns = stream.read(bucket, (person, *places, *_values_in(kinds), COUNT))
        groups = {name: columns[place] for name, place in zip(names, places, strict=True)}
        rows = cls(columns[COUNT], groups, {column: columns[column] for column in _values_in(kinds)})
        return rows, columns[person]


def _values_in(kinds: Sequence[Kind]) -> list[Column]:
    return list(dict.fromkeys(kind.value for kind in kinds if kind.value is not None))


@dataclass(frozen=True)
class _BySubject:
    """Counts subjects, who are in one bucket already, and brings rows to the buckets of the persons by other identities."""

    classes: Classes
    kinds: Sequence[Kind]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen_heavy(bucket, _ANYTHING)
        if seen.empty:
            return
        rows = _Rows.of(seen, self.kinds)
        null = seen.data.job.prints.null
        whose = [seen.data.cells.column(PERSON, name)[seen.cells] for name in self.classes.source.people.names]
        nobody = np.full(len(rows.counts), null, np.uint64)
        _put_tallies(rows, self.kinds, 0, whose[0] if whose else nobody, null, out)
        for name, persons in zip(self.classes.source.people.names[1:], whose[1:], strict=True):
            found = Histogram.of({Column(PERSON, name): persons, **rows.columns}, rows.counts)
            keys = found.columns[Column(PERSON, name)]
            own = combine(found.columns.values(), len(keys))
            out.put(_stream(name), np.where(keys == null, own, keys), {**found.columns, COUNT: found.counts})


@dataclass(frozen=True)
class _ByPerson:
    """Counts the persons of a bucket by one identity."""

    kinds: Sequence[Kind]
    stream: Stream
    place: int
    person: Column
    null: np.uint64

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows, whose = _Rows.read(self.stream, bucket, self.person, self.kinds)
        if len(whose):
            _put_tallies(rows, self.kinds, self.place, whose, self.null, out)


def _put_tallies(
    rows: _Rows, kinds: Sequence[Kind], place: int, whose: Fingerprints, null: np.uint64, out: Out
) -> None:
    """Set aside what is counted of some rows by one identity: those of the first tell records as well."""
    numbers, distinct = codes(whose)
    persons = _Whose(numbers, len(distinct), whose == null)
    for number, kind in enumerate(kinds):
        keys = rows.groups[kind.columns]
        values = np.zeros(len(keys), np.uint64) if kind.value is None else rows.values[kind.value]
        groups, many = _numbered(keys, None if kind.value is None else values)
        first = first_rows(groups, many)
        most = persons.most(groups, many, rows.counts) if number == 0 else np.zeros(many, np.int64)
        records = tally(groups, rows.counts, many) if place == 0 else np.zeros(many, np.int64)
        columns = {
            KIND: np.full(many, number * IDENTITIES + place, np.uint64),
            KEY: keys[first],
            VALUE_KEY: values[first],
            PERSONS: persons.distinct(groups, many).view(np.uint64),
            NOBODY: tally(groups, np.where(persons.nobody, rows.counts, 0), many).view(np.uint64),
            RECORDS: records.view(np.uint64),
            MOST: most.view(np.uint64),
            SOMEBODY: whose[first],
        }
        out.put_finely(_PARTS, combine([columns[one] for one in _WHAT], many), columns)


@dataclass(frozen=True)
class _AddUp:
    """Adds up the tallies of a bucket, and brings those of a group together."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        parts = self.stream.read(bucket, COLUMNS)
        numbers, distinct = codes(combine([parts[column] for column in _WHAT], len(parts[KEY])))
        many = len(distinct)
        first = first_rows(numbers, many)
        columns = {column: parts[column][first] for column in (*_WHAT, SOMEBODY)}
        for column in (PERSONS, NOBODY, RECORDS):
            columns[column] = tally(numbers, parts[column].view(np.int64), many).view(np.uint64)
        most = np.zeros(many, np.uint64)
        np.maximum.at(most, numbers, parts[MOST])
        columns[MOST] = most
        out.put_finely(TALLIES, columns[KEY], columns)


def _numbered(keys: Fingerprints, values: Fingerprints | None) -> tuple[Counts, int]:
    """The number of each row's group, or pair of a group and a value, shape (n,), and how many there are."""
    numbers, distinct = codes(keys if values is None else combine([keys, values], len(keys)))
    return numbers, len(distinct)


@dataclass(frozen=True)
class _Whose:
    """Whose rows are by one identity.

    Attributes:
        numbers: The number of each row's person, shape (n,); rows of nobody have one as well.
        many: How many numbers there are.
        nobody: Which rows count nobody, shape (n,).
    """

    numbers: Counts
    many: int
    nobody: np.ndarray

    def distinct(self, groups: Counts, many: int) -> Counts:
        """Persons of each group, shape (many,)."""
        somebody = ~self.nobody
        return distinct_per_number(groups[somebody], self.numbers[somebody].view(np.uint64), many)

    def most(self, groups: Counts, many: int, counts: Counts) -> Counts:
        """The most records of each group that one person has, shape (many,)."""
        return greatest_holdings(groups, many, counts, np.where(self.nobody, -1, self.numbers), self.many)
