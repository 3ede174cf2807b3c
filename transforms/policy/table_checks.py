"""What is wrong with the tables of a policy beyond what each one's own policy shows: names, keys, how they refer to each other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.checks.names import RELEASE_NAME
from beam_deid.transforms.policy.nearest import advice, bare, shown
from beam_deid.transforms.policy.yaml_nodes import Problem

TABLES = "tables"
OF_TABLE = ("subject", "record", "key", "joins", "fields", "input", "same")
"""The keys of a table."""
OF_TABLE_ALONE = ("subject", "record", "fields", "same")
"""Those that stand at the top of a policy of one table, and cannot where there are several."""

Raw = dict[str, Any]


def mapping(value: Any) -> Raw:
    """A mapping as it was written; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def table_problems(raw: Raw) -> Iterator[Problem]:
    """All that is wrong with the tables of a raw policy, but for what each table's own policy shows."""
    tables = raw[TABLES]
    if not isinstance(tables, dict) or not tables:
        yield Problem((TABLES,), "must be a mapping of tables, each with its fields: {orders: {fields: {…}, …}}")
        return
    for name in OF_TABLE_ALONE:
        if name in raw:
            yield Problem(
                (name,), f"where there are tables each has its own; move {name} to the table that it is about"
            )
    yield from _names(tables)
    for name, table in tables.items():
        if isinstance(table, dict):
            yield from _table(tables, name, table)
        else:
            yield Problem((TABLES, name), "a table is a mapping: subject or joins, key, fields")
    yield from _releases(raw, tables)


def _names(tables: Raw) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in tables:
        if not re.fullmatch(RELEASE_NAME, name):
            yield Problem(
                (TABLES, name), "a table names a folder: letters A-Z a-z, digits, _ and -, not - first, 100 at most"
            )
        elif name.lower() in seen:
            other = shown(seen[name.lower()])
            what = f"differs from {other} only in case, and some systems take both for one folder; rename it"
            yield Problem((TABLES, name), what)
        seen.setdefault(name.lower(), name)


def _table(tables: Raw, name: str, table: Raw) -> Iterator[Problem]:
    fields = mapping(table.get("fields"))
    for key in table:
        if key not in OF_TABLE:
            yield Problem((TABLES, name, key), f"a table has no such key; {advice(key, OF_TABLE)}")
    for key in ("key", "record"):
        wanted = table.get(key)
        if key in table and wanted not in fields:
            yield Problem((TABLES, name, key), f"no field is called {shown(wanted)}; {advice(wanted, fields)}")
    if table.get("subject") == EACH_RECORD:
        what = "records of several tables are of the same persons, so that a field must say whose they are; name it"
        yield Problem((TABLES, name, "subject"), what)
    if not isinstance(table.get("joins", {}), dict):
        yield Problem((TABLES, name, "joins"), "must say which field refers to which table: {customer_id: customers}")
    for field, parent in mapping(table.get("joins")).items():
        yield from _join(tables, name, field, parent)
    yield from _same_parent(name, table)


def _join(tables: Raw, name: str, field: str, parent: Any) -> Iterator[Problem]:
    path = (TABLES, name, "joins", field)
    fields = mapping(mapping(tables[name]).get("fields"))
    if field not in fields:
        yield Problem(path, f"no field of {bare(name)} is called {shown(field)}; {advice(field, fields)}")
    if parent == name:
        yield Problem(path, "a table cannot refer to itself")
    elif not isinstance(parent, str) or parent not in tables:
        yield Problem(path, f"there is no table {shown(parent)}; {advice(parent, tables)}")
    elif "key" not in mapping(tables[parent]):
        yield Problem(
            path, f"the table {bare(parent)} says no key; add key: FIELD there, the field that this one refers to"
        )


def _same_parent(name: str, table: Raw) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for field, parent in mapping(table.get("joins")).items():
        if isinstance(parent, str) and first.setdefault(parent, field) != field:
            what = f"{bare(first[parent])} refers to {bare(parent)} already, and a record is about one person; leave one out"
            yield Problem((TABLES, name, "joins", field), what)


def _releases(raw: Raw, tables: Raw) -> Iterator[Problem]:
    for name, release in mapping(raw.get("releases")).items():
        if not isinstance(release, dict):
            continue
        if "fields" in release:
            what = "where there are tables each has its fields; write tables: {TABLE: {fields: {…}}}"
            yield Problem(("releases", name, "fields"), what)
        parts = release.get(TABLES)
        if not isinstance(parts, dict) or not parts:
            what = "says no tables; write which fields of which it gives out: tables: {orders: {fields: {…}}}"
            yield Problem(("releases", name, TABLES) if TABLES in release else ("releases", name), what)
            continue
        for table, part in parts.items():
            path = ("releases", name, TABLES, table)
            if table not in tables:
                yield Problem(path, f"there is no table {shown(table)}; {advice(table, tables)}")
            elif not isinstance(part, dict):
                yield Problem(path, "a part of a release is a mapping: fields, and what else is of this table alone")
        yield from _ephemeral(name, release, parts)


def _ephemeral(name: str, release: Raw, parts: Mapping[str, Any]) -> Iterator[Problem]:
    wanted = [one for one in (release, *map(mapping, parts.values())) if one.get("key") == EPHEMERAL]
    if wanted and len(parts) > 1:
        what = (
            "a key that is made for one run is made for one table, so that its tokens join nothing; give each table a release of "
            "its own, or name a key in a keyring"
        )
        yield Problem(("releases", name, "key") if "key" in release else ("releases", name), what)
