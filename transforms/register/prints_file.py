"""Reading one release's rows in a file of the register, a range of records at a time."""

import itertools
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.opening import (
    DAMAGED,
    check_file,
    joined,
    keys_of,
    opened,
    parquet,
    reading,
    unusable,
)
from beam_deid.transforms.register.prints import NORMAL, PERSON, RECORD, THERE, VALUE, Prints
from beam_deid.transforms.register.tables import IDENTITIES
from beam_deid.transforms.storage.paths import shown

SPACE = 1 << 64
"""How many fingerprints there are."""


class PrintsFile:
    """The rows of one release in a file of the register, which may hold those of others as well.

    Its bytes are compared with what the register says before anything else is done with them.

    Args:
        path: The file.
        table: What the register says of it, and of the release's rows in it.

    Attributes:
        path: The file.
        persons: The identities of the release.
        values: Its fields.
        normal: Its sensitive fields.

    Raises:
        UsageError: It is missing, damaged, or not what the register says; so do all methods.
    """

    def __init__(self, path: str, table: Table) -> None:
        check_file(path, table)
        self._open(path, table)

    def beside(self, table: Table) -> "PrintsFile":
        """Open the rows of another release. If it is in the same file, its bytes are not compared again."""
        if (table.size, table.sha256) != (self._table.size, self._table.sha256):
            return PrintsFile(self.path, table)
        return PrintsFile.again(self.path, table)

    @classmethod
    def again(cls, path: str, table: Table) -> "PrintsFile":
        """Open a file whose bytes were compared before in this run, as one of many tasks that read some of its rows."""
        other = cls.__new__(cls)
        other._open(path, table)
        return other

    def _open(self, path: str, table: Table) -> None:
        self.path = path
        self._table = table
        self._there = table.prefix + THERE if table.prefix else ""
        self._stream = opened(path)
        try:
            with reading(path):
                self._file = parquet(self._stream, path)
                self._schema = self._file.schema_arrow
                self._spans = self._spanned()
                if self._counted() != table.rows:
                    raise unusable(path, "it has not as many rows as the register says")
                self.persons, self.values, self.normal = self._named(PERSON), self._named(VALUE), self._named(NORMAL)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> "PrintsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @property
    def rows(self) -> int:
        """Rows of the release."""
        return self._table.rows

    @property
    def all_rows(self) -> int:
        """Rows of the file, of all releases that share it."""
        return int(self._file.metadata.num_rows)

    def read_all(self, low: int, high: int) -> Prints:
        """`read` with all columns that the release has."""
        return self.read(low, high, persons=self.persons, values=self.values, normal=self.normal)

    def read(
        self, low: int, high: int, *, persons: Sequence[str], values: Sequence[str], normal: Sequence[str]
    ) -> Prints:
        """The rows of a range, in order of their records. Of the file no more than the row groups that overlap it is read.

        Args:
            low: The least record.
            high: The record above the greatest, at most 2**64.
            persons: The identities that are wanted.
            values: The fields of which the value is wanted.
            normal: The fields of which the value without differences in spelling is wanted.

        Returns:
            The rows, shape (n,), with the columns that are wanted and no others.
        """
        chosen = ((PERSON, persons, self.persons), (VALUE, values, self.values), (NORMAL, normal, self.normal))
        named = [[self._column(kind, name, held) for name in names] for kind, names, held in chosen]
        wanted = list(dict.fromkeys(itertools.chain([RECORD], *named)))
        parts: dict[str, list[Fingerprints]] = {name: [] for name in wanted}
        with reading(self.path):
            for group, (least, most) in enumerate(self._spans):
                if least < high and most >= low:
                    for name, keys in self._group(group, wanted, low, high).items():
                        parts[name].append(keys)
        found = {name: joined(parts.pop(name)) for name in wanted}
        _by_record(found)
        of = [
            dict(zip(names, columns, strict=True))
            for names, columns in zip((persons, values, normal), named, strict=True)
        ]
        return Prints(found[RECORD], *({name: found[column] for name, column in one.items()} for one in of))

    def _group(self, group: int, wanted: Sequence[str], low: int, high: int) -> dict[str, Fingerprints]:
        """The wanted columns of a row group's rows that are in the range and the release's."""
        there = [self._there] if self._there else []
        table = self._file.read_row_group(group, [*wanted, *there])
        record = keys_of(table.column(RECORD))
        chosen = (record >= np.uint64(low)) & (record <= np.uint64(high - 1))
        for name in there:
            chosen &= table.column(name).to_numpy()
        if not chosen.all():
            table = table.filter(pa.array(chosen))
        return {name: self._valid(table.column(name), name) for name in wanted}

    def _valid(self, column: pa.ChunkedArray, name: str) -> Fingerprints:
        if column.null_count:
            raise self._lacking(name)  # others that share the file have it
        return keys_of(column)

    def _spanned(self) -> list[tuple[int, int]]:
        """The least and the greatest record of each row group."""
        self._check_type(RECORD, pa.uint64())
        facts = self._file.metadata
        place = [facts.schema.column(index).path for index in range(facts.num_columns)].index(RECORD)
        found = [facts.row_group(group).column(place).statistics for group in range(facts.num_row_groups)]
        if any(one is None or not one.has_min_max for one in found):
            raise unusable(self.path, DAMAGED)
        return [(one.min, one.max) for one in found]

    def _counted(self) -> int:
        """Count the rows of the release."""
        if not self._there:
            return self.all_rows
        self._check_type(self._there, pa.bool_())
        groups = range(self._file.metadata.num_row_groups)
        return sum(
            self._file.read_row_group(group, [self._there]).column(self._there).to_numpy().sum() for group in groups
        )

    def _named(self, kind: str) -> tuple[str, ...]:
        """The identities or fields of which the release has columns of some kind."""
        if kind == PERSON and self._table.prefix:
            # Others that share the file may be counted by other identities.
            return tuple(json.loads((self._file.metadata.metadata or {})[IDENTITIES])[self._table.prefix])
        begin = self._begin(kind)
        return tuple(name.removeprefix(begin) for name in self._schema.names if name.startswith(begin))

    def _begin(self, kind: str) -> str:
        return kind if kind == PERSON else self._table.prefix + kind

    def _column(self, kind: str, name: str, held: Sequence[str]) -> str:
        """The name of a column in the file."""
        column = self._begin(kind) + name
        if name not in held:
            raise self._lacking(column)
        self._check_type(column, pa.uint64())
        return column

    def _check_type(self, name: str, kind: pa.DataType) -> None:
        place = self._schema.get_field_index(name)
        if place < 0 or self._schema.field(place).type != kind:
            raise self._lacking(name)

    def _lacking(self, name: str) -> UsageError:
        return unusable(f"{shown(self.path)}: {name.removeprefix(self._table.prefix)}", "it lacks a column")


def ranges(counts: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Cut the fingerprints into equal ranges, so many that of all tables together about ``most`` rows are in each.

    Args:
        counts: Rows of each table.
        most: Rows, at least 1.

    Returns:
        ``(low, high)`` of each range, together [0, 2**64).
    """
    cuts = max(1, -(-sum(counts) // most))
    edges = [SPACE * cut // cuts for cut in range(cuts + 1)]
    return list(itertools.pairwise(edges))


def _by_record(columns: dict[str, Fingerprints]) -> None:
    """Put rows into the order of their records, where a file that several share has them in another."""
    record = columns[RECORD]
    if (record[1:] < record[:-1]).any():
        order = np.argsort(record, kind="stable")
        for name, keys in columns.items():
            columns[name] = keys[order]
