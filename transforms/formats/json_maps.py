"""JSON whose keys are data: objects of records by their ids, and tables that are written column by column.

Read as they stand they would make a column of each id, and messages and policies would show the ids.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.nesting import EACH, Row

MANY = 20
"""So many objects with the same fields are records, whatever their keys look like."""

_AGREEING = 2
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FIELD_DIGITS = 2
_AS_RECORDS = "Write one object for each record; pandas does with orient='records', lines=True"
_BY_COLUMNS = "the table is written column by column, and not record by record"

Tree = dict[str, "Tree"]


def is_map(members: Mapping[str, Collection[str]]) -> bool:
    """Whether the fields of an object are records by their ids.

    Args:
        members: The keys in each of its values by the value's own key; none for what is no object.
    """
    if not members or not all(members.values()):
        return False
    shared = [key for key in set.intersection(*map(set, members.values())) if not _is_data(key)]
    return len(shared) >= _AGREEING and (len(members) >= MANY or all(map(_is_data, members)))


def check_keys(names: Iterable[str], rows: int, path: str) -> None:
    """Refuse columns that are named by data.

    Args:
        names: Dotted paths of all columns that were seen.
        rows: In how many rows.
        path: For the message.

    Raises:
        InputError: Somewhere in the rows is an object of records by their ids, or the rows are a table by columns.
    """
    tree = _tree(names)
    if rows == 1 and _is_by_columns(tree):
        raise InputError(_BY_COLUMNS, path, _AS_RECORDS)
    where = _map_in(tree, "")
    if where is not None:
        records = f"{where}.{EACH}" if where else EACH
        one = f", or name it in input.fields, {{{where}: {where}}}, to have it as one column" if where else ""
        raise InputError(
            f"an object holds records by their ids{f' at {where}' if where else ''}, which would be the names of columns",
            path,
            f'Write input: {{records: "{records}"}} to read each of its values as a record, its key in the column {EACH}{one}',
        )


def map_in(names: Iterable[str]) -> str | None:
    """The path of the first object of records by their ids, "" where the row itself is one; None where there is none.

    Args:
        names: Dotted paths of all columns.
    """
    return _map_in(_tree(names), "")


def check_first(row: Row, path: str) -> None:
    """Refuse a table by columns that is the only record.

    Raises:
        InputError: It is one.
    """
    lists = [value for value in row.values() if isinstance(value, list)]
    if len(lists) != len(row) or len(row) < _AGREEING:
        return
    by_columns = len(set(map(len, lists))) == 1 and len(lists[0]) > 1 and not any(map(_holds_objects, lists))
    if by_columns or {"columns", "data"} <= row.keys() <= {"columns", "data", "index", "index_names", "column_names"}:
        raise InputError(_BY_COLUMNS, path, _AS_RECORDS)


def _holds_objects(value: list[Any]) -> bool:
    return any(isinstance(one, dict) for one in value)


def _is_data(key: str) -> bool:
    """Whether a key is none that a person gives to a field: it is a number, an address, or has several digits."""
    return key.isdigit() or sum(map(str.isdigit, key)) > _FIELD_DIGITS or _EMAIL.fullmatch(key) is not None


def _tree(names: Iterable[str]) -> Tree:
    tree: Tree = {}
    for name in names:
        here = tree
        for key in name.split("."):
            here = here.setdefault(key, {})
    return tree


def _is_by_columns(tree: Tree) -> bool:
    columns = list(tree.values())
    return (
        len(columns) >= _AGREEING
        and bool(columns[0])
        and all(column.keys() == columns[0].keys() for column in columns)
        and all(_is_data(key) and not any(column[key] for column in columns) for key in columns[0])
    )


def _map_in(tree: Tree, where: str) -> str | None:
    """The path of the first object of records by their ids, "" where it is the row itself; None where there is none."""
    if is_map(tree):
        return where
    found = (_map_in(inner, f"{where}.{key}" if where else key) for key, inner in tree.items() if inner)
    return next((path for path in found if path is not None), None)
