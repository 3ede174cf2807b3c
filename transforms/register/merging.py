"""Several releases in one table: the columns that they have in common are stored once."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.prints import NORMAL, PERSON, RECORD, THERE, VALUE, Prints, row_order
from beam_deid.transforms.register.prints_file import SPACE, PrintsFile, ranges
from beam_deid.transforms.register.tables import IDENTITIES
from beam_deid.transforms.register.writing import GROUP_ROWS, write_groups

Rows = npt.NDArray[np.int64]

_CELLS = 1 << 24
"""Fingerprints of a row group: 128 MiB in memory."""


@dataclass(frozen=True)
class Shape:
    """The columns that a release has.

    Attributes:
        prefix: What the names of its own columns begin with.
        persons: Its identities.
        values: Its fields.
        normal: Its sensitive fields.
    """

    prefix: str
    persons: tuple[str, ...]
    values: tuple[str, ...]
    normal: tuple[str, ...]

    @property
    def own(self) -> list[str]:
        """The names of its own columns but the one that says where it is."""
        return [
            f"{self.prefix}{kind}{name}"
            for kind, names in ((VALUE, self.values), (NORMAL, self.normal))
            for name in names
        ]


class Merging:
    """Releases that are to share a table.

    Args:
        shapes: The releases.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = tuple(shapes)
        self._identities = sorted({name for shape in shapes for name in shape.persons})
        sets = [frozenset(shape.persons) for shape in shapes]
        distinct = list(dict.fromkeys(sets))
        self._kinds = np.array([distinct.index(one) for one in sets], np.int64)
        self._named_by = {name: np.array([name in one for one in sets]) for name in self._identities}

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of the table."""
        fields = [pa.field(RECORD, pa.uint64(), nullable=False)]
        fields += [pa.field(PERSON + name, pa.uint64(), not self._named_by[name].all()) for name in self._identities]
        for shape in self._shapes:
            fields.append(pa.field(shape.prefix + THERE, pa.bool_(), nullable=False))
            fields += [pa.field(name, pa.uint64()) for name in shape.own]
        told = {shape.prefix: shape.persons for shape in self._shapes}
        return pa.schema(fields, metadata={IDENTITIES: json.dumps(told).encode()})

    def groups(self, releases: Sequence[Prints]) -> Iterator[pa.Table]:
        """The rows of the table in a range of records, as row groups.

        Two rows are one where their record, their identities and their persons are the same. Where a release has several
        such rows, its first is one with the first of others, and so on: each row is there as often as where it is most often.
        Which is the first is a matter of what stands in them, and not of their order.

        Row groups follow each other by record. Within one, rows of the same releases stand together, and by record among
        themselves: then where a release is takes next to nothing to write.

        Args:
            releases: The rows of each release in the range, and no others' of that range.
        """
        releases = [_in_order(prints) for prints in releases]
        owner = np.repeat(np.arange(len(releases)), [len(prints.record) for prints in releases])
        record = np.concatenate([prints.record for prints in releases])
        if not len(record):
            return
        persons = {name: _persons(name, releases) for name in self._identities}
        place, count = _places(owner, record, [*persons.values()], self._kinds[owner])
        source = np.empty(count, np.int64)  # a row that is one with each
        source[place] = np.arange(len(place))
        edges = np.cumsum([0, *(len(prints.record) for prints in releases)])
        at = [_At.of(place[low:high]) for low, high in itertools.pairwise(edges)]
        for begin, end in _cut(count, max(1, min(GROUP_ROWS, _CELLS // len(self.schema)))):
            rows = source[begin:end]
            there = [one.there(begin, end) for one in at]
            order = np.lexsort([record[rows], *there])
            rows = rows[order]
            columns = [pa.array(record[rows])]
            columns += [self._named(name, persons[name][rows], owner[rows]) for name in self._identities]
            for one, prints, shape, is_there in zip(at, releases, self._shapes, there, strict=True):
                columns.append(pa.array(is_there[order]))
                missing = ~is_there[order]
                for keys in _own(prints, shape):
                    columns.append(pa.array(one.spread(keys, begin, end)[order], mask=missing))
            yield pa.table(columns, schema=self.schema)

    def _named(self, name: str, persons: Fingerprints, owner: Rows) -> pa.Array:
        return pa.array(persons, mask=~self._named_by[name][owner])


def merge(path: str, prefixes: Sequence[str], files: Sequence[PrintsFile], most_rows: int) -> tuple[list[Table], int]:
    """Write the rows of several releases into one new file, a range of records at a time, and see that they are in it.

    Args:
        path: The new file; see `write_groups`.
        prefixes: What the names of each release's own columns are to begin with.
        files: The releases, one or more.
        most_rows: Rows of all releases together that are in memory, about.

    Returns:
        What there is of each release in the file, whose name is not set; and how many rows the file has.

    Raises:
        InternalFault: What was written is not what was read.
        OutputError: It cannot be written.
        UsageError: See `PrintsFile`.
    """
    merging = Merging(
        [Shape(prefix, one.persons, one.values, one.normal) for prefix, one in zip(prefixes, files, strict=True)]
    )
    cuts = ranges([file.rows for file in files], most_rows)
    sums = [0] * len(files)

    def groups() -> Iterator[pa.Table]:
        for low, high in cuts:
            releases = [file.read_all(low, high) for file in files]
            for number, prints in enumerate(releases):
                sums[number] += _sum(prints)
            yield from merging.groups(releases)

    rows, size, sha256 = write_groups(path, merging.schema, groups(), [RECORD])
    tables = [Table("", file.rows, size, sha256, prefix) for prefix, file in zip(prefixes, files, strict=True)]
    with PrintsFile(path, tables[0]) as first:
        for table, before in zip(tables, sums, strict=True):
            with first.beside(table) as written:
                after = sum(_sum(written.read_all(low, high)) for low, high in cuts)
            if (after - before) % SPACE:
                raise InternalFault(
                    "a table of the register is not what it was made of", table.prefix, "Please report this"
                )
    return tables, rows


def _sum(prints: Prints) -> int:
    """An order-free checksum of rows: tables of the same rows have the same, others almost never."""
    return int(combine(prints.columns.values(), len(prints.record)).sum())


@dataclass(frozen=True)
class _At:
    """Where the rows of a release are in the table: ``rows`` of the release, by their ``places``, both of shape (n,)."""

    rows: Rows
    places: Rows

    @classmethod
    def of(cls, place: Rows) -> "_At":
        rows = np.argsort(place)
        return cls(rows, place[rows])

    def there(self, begin: int, end: int) -> npt.NDArray[np.bool_]:
        """Whether the release is in each row of the table from one to another."""
        found = np.zeros(end - begin, bool)
        found[self.places[self._within(begin, end)] - begin] = True
        return found

    def spread(self, keys: Fingerprints, begin: int, end: int) -> Fingerprints:
        """A column of the release in these rows; 0 where it is not."""
        spread = np.zeros(end - begin, np.uint64)
        within = self._within(begin, end)
        spread[self.places[within] - begin] = keys[self.rows[within]]
        return spread

    def _within(self, begin: int, end: int) -> slice:
        low, high = np.searchsorted(self.places, [begin, end])
        return slice(low, high)


def _places(owner: Rows, record: Fingerprints, persons: Sequence[Fingerprints], kinds: Rows) -> tuple[Rows, int]:
    """The row of the table that each row of a release becomes, shape (n,), and how many rows the table has.

    Args:
        owner: The number of each row's release, shape (n,).
        record: Its record.
        persons: Its persons by every identity; 0 where it has none.
        kinds: The number of its set of identities.
    """
    order = np.lexsort([owner, *persons, kinds, record])
    begins = np.zeros(len(order), bool)
    begins[0] = True
    for column in (record, kinds, *persons):
        begins[1:] |= _changes(column[order])
    own_begins = begins.copy()
    own_begins[1:] |= _changes(owner[order])
    numbers = np.arange(len(order))
    occurrence = numbers - np.maximum.accumulate(np.where(own_begins, numbers, 0))
    most = np.maximum.reduceat(occurrence, np.flatnonzero(begins)) + 1
    first = np.cumsum(most) - most
    place = np.empty(len(order), np.int64)
    place[order] = first[np.cumsum(begins) - 1] + occurrence
    return place, int(most.sum())


def _changes(column: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    return np.asarray(column[1:] != column[:-1])


def _in_order(prints: Prints) -> Prints:
    order = row_order(prints.columns)
    named = (
        {name: keys[order] for name, keys in one.items()} for one in (prints.persons, prints.values, prints.normal)
    )
    return Prints(prints.record[order], *named)


def _persons(name: str, releases: Sequence[Prints]) -> Fingerprints:
    """The persons of all rows by an identity; 0 where a release is not counted by it."""
    lacking = [prints.persons.get(name) for prints in releases]
    found = [
        np.zeros(len(prints.record), np.uint64) if keys is None else keys
        for keys, prints in zip(lacking, releases, strict=True)
    ]
    return np.concatenate(found)


def _own(prints: Prints, shape: Shape) -> list[Fingerprints]:
    """The columns of a release that no other shares, in the order of their names in its shape."""
    named: tuple[tuple[Mapping[str, Fingerprints], tuple[str, ...]], ...] = (
        (prints.values, shape.values),
        (prints.normal, shape.normal),
    )
    return [keys[name] for keys, names in named for name in names]


def _cut(count: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut so many rows into equal groups, none of more than ``most``."""
    groups = -(-count // most)
    edges = [count * group // groups for group in range(groups + 1)]
    return itertools.pairwise(edges)
