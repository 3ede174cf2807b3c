"""Nested JSON as rows: objects become dotted columns, and the items of one list become a row each.

A path is keys joined by dots, from the record down: ``receiver.mobile``, ``item_list.goods_id``. Every scalar that is not
named by ``input.fields`` stands in a column of its own path, so that a new one is seen. A list that is not declared as
items, and whatever stands at a path that ``input.fields`` names, is one column; it may have a role, but no object and no
list is ever released.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.terms import Reason

Row = dict[str, Any]

EACH = "*"
"""Last in the path of the records it stands for each value of an object; the column of this name has the keys."""


class Unit(NamedTuple):
    """What takes one row number of a file: a row, or what cannot be one.

    Attributes:
        row: The values by column; None where there is no row.
        field: The column at fault, or "" where it is the whole record.
        reason: Why there is no row; None as well for a blank line, which is no fault.
    """

    row: Row | None
    field: str = ""
    reason: Reason | None = None


BLANK = Unit(None)


class Nesting:
    """Where records and their fields lie in JSON values.

    Attributes:
        records: The keys that lead from a value to its records; empty where the value is the record.
        items: The path of the list whose items are rows; None if there is none.
        aliases: Names that the policy gives to other paths.
        objects: Paths of objects that are known to hold fields; nothing, at such a path, is an empty object.
        ignored: Names of columns that are passed over.
    """

    def __init__(self, options: InputOptions) -> None:
        self.records: tuple[str, ...] = tuple(options.records.split(".")) if options.records else ()
        self.items = options.items
        self.ignored = Ignored(options.ignore)
        self._names = {path: name for name, path in options.fields.items()}
        self._paths = dict(options.fields)
        self.aliases = frozenset(name for name, path in options.fields.items() if name != path)
        self.objects = parents([*self._names, *([options.items] if options.items else [])])

    def name(self, path: str) -> str:
        """Give the name of the column that holds what stands at a path of a record."""
        return self._names.get(path, path)

    def path(self, name: str) -> str:
        """Give the path of a record at which the values of a column stand."""
        return self._paths.get(name, name)

    def declares(self, path: str) -> bool:
        """Whether the policy names this path, so that whatever stands there is one column."""
        return path in self._names

    def above(self, names: Collection[str]) -> frozenset[str]:
        """The paths at which objects stand where these are the columns."""
        return (parents([self.path(name) for name in names]) | self.objects) - self.aliases

    def units(self, value: Any) -> Iterator[Unit]:
        """Give the rows that one JSON value holds: those of its records, and of their items."""
        for key in self.records:
            if key == EACH and (is_nothing(value) or isinstance(value, dict)):
                for name, record in (value or {}).items():
                    yield from self.rows(record, name)
                return
            if not isinstance(value, dict) or key not in value:
                yield Unit(None, ".".join(self.records), Reason.NO_RECORDS)
                return
            value = value[key]
        if self.records and (value is None or isinstance(value, list)):
            for record in value or ():
                yield from self.rows(record)
        else:
            yield from self.rows(value)

    def rows(self, record: Any, key: str | None = None) -> Iterator[Unit]:
        """The rows of one record: one, or one for each of its items, with the record's own fields.

        A record without items is one row, too.

        Args:
            record: The record.
            key: Its key, where it is a value of an object of records.
        """
        if not isinstance(record, dict):
            yield Unit(None, "", Reason.NOT_AN_OBJECT)
            return
        own: Row = {} if key is None else {self.name(EACH): key}
        twice = self._gather(record, "", own)
        items = own.pop(self.items, None) if self.items is not None else None
        if twice is not None:
            yield Unit(None, twice, Reason.NAMED_TWICE)
        elif items is None or items == [] or items == {}:
            yield Unit(own)
        elif not isinstance(items, list):
            yield Unit(None, str(self.items), Reason.WRONG_TYPE)
        else:
            for item in items:
                yield self._row(own, item)

    def _row(self, own: Row, item: Any) -> Unit:
        row = dict(own)
        if isinstance(item, dict):
            twice = self._gather(item, f"{self.items}.", row)
            return Unit(row) if twice is None else Unit(None, twice, Reason.NAMED_TWICE)
        name = self._names.get(str(self.items), str(self.items))
        if name in row:
            return Unit(None, name, Reason.NAMED_TWICE)
        row[name] = item
        return Unit(row)

    def _gather(self, value: Row, prefix: str, into: Row) -> str | None:
        """Put the fields of an object into a row; returns a column that would stand there twice."""
        for key, one in value.items():
            path = prefix + key
            declared = path in self._names
            if isinstance(one, dict) and not declared and path != self.items:
                twice = self._gather(one, f"{path}.", into)
                if twice is not None:
                    return twice
                continue
            if not declared and path in self.aliases:
                # What has no name of its own must not pass for what the policy calls so.
                if is_nothing(one):
                    continue
                return path
            # Items wait under their path, whatever their column is called.
            name = self._names[path] if declared and path != self.items else path
            if name in into:
                return name
            into[name] = one
        return None


def parents(paths: list[str]) -> frozenset[str]:
    """All paths above these: of ``a.b.c``, ``a`` and ``a.b``."""
    found = set()
    for path in paths:
        while "." in path:
            path = path.rpartition(".")[0]
            found.add(path)
    return frozenset(found)


def is_nothing(value: Any) -> bool:
    """Whether a value may stand for an object without fields: null, and the empty list that some back ends write."""
    return value is None or value == []
