"""The tables of a policy prepared for a run: their files found and checked, and their rows joined as the policy says."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.joining.joining import Referred, join
from beam_deid.transforms.policy.nearest import bare, instead
from beam_deid.transforms.policy.tables import Table, TablesPolicy
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.spill_folder import SpillFolder


@dataclass(frozen=True)
class PreparedTable:
    """A table that may be read.

    Attributes:
        table: The table.
        prepared: Its shards, and the job of its own run; of no release where nothing of it is given out.
        referred: How its rows refer to other tables, by the field that refers; empty until it is joined.
    """

    table: Table
    prepared: Prepared
    referred: Mapping[str, Referred]

    def to_document(self) -> dict[str, Any]:
        """What ``run.json`` says of it."""
        prepared = self.prepared
        files = len({shard.path for shard in prepared.shards})
        joins = {
            one.field: {"table": one.parent, **self.referred[one.field]._asdict()}
            for one in self.table.joins
            if one.field in self.referred
        }
        return {
            "input": {"files": files, "shards": len(prepared.shards), **prepared.found.to_document()},
            "joins": joins,
        }


def inputs_by_table(policy: TablesPolicy, given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The globs of each table's files, of which a command is given each as ``TABLE=GLOB``.

    Raises:
        UsageError: One names no table, or a table has none.
    """
    found: dict[str, list[str]] = {name: [] for name in policy.tables}
    for one in given:
        name, equals, glob = one.partition("=")
        if not equals or not glob:
            what = f"the policy has tables, and {one} does not say of which these files are"
            raise UsageError(what, "--input", f"Write TABLE=GLOB. The policy has: {', '.join(found)}")
        if name not in found:
            raise UsageError(f"the policy has no table {name}", "--input", f"Write TABLE=GLOB. {instead(name, found)}")
        found[name].append(glob)
    missing = [name for name, some in found.items() if not some]
    if missing:
        what = f"there are no files of the table {bare(missing[0])}"
        raise UsageError(what, "--input", f"Add --input {missing[0]}=GLOB")
    return {name: tuple(some) for name, some in found.items()}


def prepare_tables(
    policy: TablesPolicy, inputs: Mapping[str, Sequence[str]], releases: Sequence[str] = (), as_of: int | None = None
) -> tuple[PreparedTable, ...]:
    """Check the input of all tables and cut it into shards; reads no more than heads and footers.

    Args:
        policy: The policy.
        inputs: Globs, by table.
        releases: Names of the releases to make; all if none is given.
        as_of: The time at which consent must be valid: see `beam_deid.transforms.run.shards.prepare`.

    Returns:
        The tables, each after those that it refers to, not joined yet.

    Raises:
        DeidError: See `beam_deid.transforms.run.shards.prepare`.
    """
    wanted: dict[str, list[str]] = {name: [] for name in policy.tables}
    for name, part in policy.parts(releases):
        wanted[name].append(part)
    made = [_prepared(table, inputs[name], wanted[name], as_of) for name, table in policy.tables.items()]
    run = hashlib.sha256("/".join(one.job.run for one in made).encode()).hexdigest()[:16]
    found: dict[str, PreparedTable] = {}
    for table, one in zip(policy.tables.values(), made, strict=True):
        types = {**one.job.types, **_lent_types(table, found)}
        job = replace(one.job, policy=table.policy, types=types, run=run)
        found[table.name] = PreparedTable(table, replace(one, job=job), {})
    return tuple(found.values())


def _prepared(table: Table, globs: Sequence[str], releases: Sequence[str], as_of: int | None) -> Prepared:
    """One table's files, checked against its own fields alone: what others lend it is in none of them."""
    prepared = prepare(table.own, globs, releases, as_of)
    return replace(prepared, job=replace(prepared.job, releases=tuple(releases)))


def _lent_types(table: Table, before: Mapping[str, PreparedTable]) -> dict[str, Any]:
    """The types of what a table is lent, where they are known from the files that it comes from."""
    found = {}
    for one in table.joins:
        types = before[one.parent].prepared.job.types
        found.update({here: types[there] for here, there in one.lent.items() if there in types})
    return found


def join_tables(tables: Sequence[PreparedTable], folder: SpillFolder) -> tuple[PreparedTable, ...]:
    """Find what the rows of each table are lent by those that they refer to.

    Args:
        tables: The tables, each after those that it refers to.
        folder: Where it is kept while the run needs it.

    Raises:
        InputError: A key stands in several rows; or a file cannot be read.
        OutputError: Rows cannot be set aside.
    """
    joined: dict[str, PreparedTable] = {}
    for one in tables:
        joined[one.table.name] = _joined(one, joined, folder)
    return tuple(joined.values())


def _joined(one: PreparedTable, parents: Mapping[str, PreparedTable], folder: SpillFolder) -> PreparedTable:
    prepared = one.prepared
    referred: dict[str, Referred] = {}
    for number, by in enumerate(one.table.joins):
        found = join(prepared, parents[by.parent].prepared, by, folder, f"{one.table.name}-{number}")
        referred[by.field] = found.referred
        shards = tuple(replace(shard, beside=(*shard.beside, found.beside[shard.index])) for shard in prepared.shards)
        prepared = replace(prepared, shards=shards)
    return replace(one, prepared=prepared, referred=referred)


def notes_of(tables: Sequence[PreparedTable]) -> list[str]:
    """What a person should know of how tables refer to each other: rows of which nobody can say whose they are, a sentence each."""
    found = [(one.table.name, by, one.referred[by.field]) for one in tables for by in one.table.joins]
    nulls = [_without_key(table, by.field, referred) for table, by, referred in found if referred.nulls]
    return [*nulls, *(_dangling(table, by.field, by.parent, one) for table, by, one in found if one.dangling)]


def _without_key(table: str, field: str, found: Referred) -> str:
    return (
        f"table {bare(table)}: {found.nulls:,} of {found.rows:,} rows have no {bare(field)}, so that nobody is known whose "
        "they are"
    )


def _dangling(table: str, field: str, parent: str, found: Referred) -> str:
    return (
        f"table {bare(table)}: {found.dangling:,} of {found.rows:,} rows have a {bare(field)} that no row of {bare(parent)} has, "
        "so that nobody is known whose they are"
    )
