"""A policy with tables read: the policy of each table is put together, and checked as one of one table is.

A table's policy has what stands at the top for all tables, what stands at the table, and of each release what stands at the release
and at the table's part of it, which goes first. To its fields come those that other tables lend it: the subject, and whatever else
names a person in a row that it refers to. So the engine counts persons in each table as if all were joined.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from beam_deid.transforms.policy.canonical import policy_sha256
from beam_deid.transforms.policy.categories import with_categories
from beam_deid.transforms.policy.nearest import bare, shown
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.policy.table_checks import OF_TABLE_ALONE, TABLES, Raw, mapping, table_problems
from beam_deid.transforms.policy.table_policy import TableFacts, TablePolicy
from beam_deid.transforms.policy.table_roots import unconnected
from beam_deid.transforms.policy.tables import Join, Table, TablesPolicy, part_name
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.terms import LabelName

Check = Callable[[Raw], list[Problem]]
"""What is wrong with a raw policy of one table."""
Anchor = Callable[[Raw], Raw]
"""A raw policy of one table with absolute paths."""

_NOTHING = ""
"""By no name that a release has the one of a table of which nothing is given out: the model asks for one. It goes again."""


@dataclass
class _Expanding:
    """Tables that are read one after the other, each after those that it refers to.

    Attributes:
        raw: The policy as it was written.
        check: See `Check`.
        anchor: See `Anchor`.
        problems: What was found so far.
        tables: The tables that are sound.
        counterparts: Of each field of these, by table: see `TableFacts`.
    """

    raw: Raw
    check: Check
    anchor: Anchor
    problems: list[Problem] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    counterparts: dict[str, dict[str, str]] = field(default_factory=dict)


def expand(raw: Raw, check: Check, anchor: Anchor) -> tuple[TablesPolicy | None, list[Problem]]:
    """Read a raw policy with tables.

    Args:
        raw: The policy as it was written.
        check: Finds what is wrong with a raw policy of one table.
        anchor: Makes its paths absolute.

    Returns:
        The policy, None where something is wrong; and all that is.
    """
    problems = list(table_problems(raw)) or list(unconnected(raw[TABLES]))
    if problems:
        return None, problems
    ordered, problems = _ordered(raw[TABLES])
    made = _Expanding(raw, check, anchor, problems)
    for name in ordered:
        _add(made, name)
    if made.problems:
        return None, made.problems
    releases = {
        name: {table: part_name(name, table) for table in mapping(release[TABLES])}
        for name, release in raw["releases"].items()
    }
    sha256 = _sha256(made.tables)
    tables = {name: _knowing(made, name, releases, sha256) for name in ordered}
    return TablesPolicy(str(raw["dataset"]), tables, releases, sha256), []


def _sha256(tables: Mapping[str, Table]) -> str:
    """SHA-256, in hex, of the policies of all tables, none of which knows of the others yet, and of what links them."""
    parts = {
        name: [policy_sha256(table.policy), table.key, [[one.field, one.parent] for one in table.joins]]
        for name, table in tables.items()
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _ordered(tables: Raw) -> tuple[list[str], list[Problem]]:
    """The tables, each after those that it refers to; and where they refer to each other in a circle."""
    ordered: list[str] = []
    left = list(tables)
    while left:
        ready = [name for name in left if {*mapping(tables[name].get("joins")).values()} <= {*ordered}]
        if not ready:
            what = f"tables refer to each other in a circle: {', '.join(map(bare, left))}; leave one of the joins out"
            return ordered, [Problem((TABLES, left[0], "joins"), what)]
        ordered += ready
        left = [name for name in left if name not in ready]
    return ordered, []


def _add(made: _Expanding, name: str) -> None:
    """Put one table's policy together and check it."""
    own: Raw = made.raw[TABLES][name]
    parents = [*mapping(own.get("joins")).values()]
    if any(parent not in made.tables for parent in parents):
        return  # what is wrong there is told already
    joins, problems = _joins(made, name, own)
    subject = own.get("subject") or _subject(made, joins)
    if subject is None:
        problems.append(_nobody(name))
    if subject is None or problems:
        made.problems += problems
        return
    raw, parts = _put_together(made, name, own, joins, subject)
    lent = {given for join in joins for given in join.lent}
    wrong = [one for one in made.check(raw) if one.path[:2] != ("releases", _NOTHING)]
    made.problems += [replace(one, path=_placed(made.raw, name, lent, one.path)) for one in wrong]
    if wrong:
        return
    raw["releases"] = {part_name(release, name): part for release, part in raw["releases"].items()}
    policy = with_categories(TablePolicy.model_validate(made.anchor(raw)))
    if not parts:
        policy = policy.model_copy(update={"releases": {}})
    assert isinstance(policy, TablePolicy)  # noqa: S101 - a copy of one is one
    made.tables[name] = Table(name, policy, own.get("key"), joins)
    made.counterparts[name] = _counterparts(made, name, own, joins)


def _joins(made: _Expanding, name: str, own: Raw) -> tuple[tuple[Join, ...], list[Problem]]:
    """A table's foreign keys, and what two of them, or it and they, both bring."""
    joins: list[Join] = []
    problems: list[Problem] = []
    taken = dict.fromkeys(mapping(own.get("fields")), "")
    for column, parent in mapping(own.get("joins")).items():
        theirs = made.tables[parent]
        lent = {here: there for there, here in _lent(theirs).items()}
        for here in lent:
            if here in taken:
                what = _twice(here, taken[here])
                problems.append(Problem((TABLES, name, "joins", column), what))
        taken.update(dict.fromkeys(lent, column))
        joins.append(Join(column, parent, str(theirs.key), lent))
    return tuple(joins), problems


def _twice(lent: str, other: str) -> str:
    if not other:
        return f"it brings {shown(lent)}, and so is a field of the table called; rename that"
    return f"it brings {shown(lent)}, as {bare(other)} does, and a record is about one person; leave one of the two out"


def _lent(parent: Table) -> dict[str, str]:
    """What a table lends those that refer to it: the fields that name a person, by their names there, and their names here.

    Not its key, nor the foreign key by which it has its subject: there are never fewer values of these than subjects.
    """
    subject = parent.policy.subject
    whose = [parent.key, *(join.field for join in parent.joins if subject in join.lent)]
    named = [name for name in identities(parent.policy) if name == subject or name not in whose]
    return {there: there if there in parent.lent else f"{parent.name}.{there}" for there in named}


def _subject(made: _Expanding, joins: tuple[Join, ...]) -> str | None:
    """The lent field that says whom a record is about: the subject of the first table that is referred to."""
    for join in joins:
        subject = made.tables[join.parent].policy.subject
        return next((here for here, there in join.lent.items() if there == subject), None)
    return None


def _nobody(name: str) -> Problem:
    what = "nobody can say whom its records are about: it names no subject, and refers to no table that does; add subject: FIELD"
    return Problem((TABLES, name), what)


def _put_together(
    made: _Expanding, name: str, own: Raw, joins: tuple[Join, ...], subject: str
) -> tuple[Raw, Mapping[str, Raw]]:
    """The raw policy of one table, and its parts of releases, by the releases' names."""
    shared = {key: value for key, value in made.raw.items() if key not in (TABLES, "releases")}
    fields = {
        here: {**_spec(made, join.parent, there), "optional": False}
        for join in joins
        for here, there in join.lent.items()
    }
    parts = {
        release: {**{key: value for key, value in given.items() if key != TABLES}, **given[TABLES][name]}
        for release, given in mapping(made.raw.get("releases")).items()
        if isinstance(given, dict) and name in given[TABLES]
    }
    raw: Raw = {
        **shared,
        **{key: own[key] for key in OF_TABLE_ALONE if key in own},
        "subject": subject,
        "fields": {**mapping(own.get("fields")), **fields} if "fields" in own else {},
        "releases": dict(parts) or {_NOTHING: {"purpose": "none", "sharing": "enclave", "fields": {subject: "drop"}}},
    }
    if "record" not in own and "key" in own:
        raw["record"] = own["key"]
    if isinstance(own.get("input"), dict) and isinstance(raw.get("input", {}), dict):
        raw["input"] = {**mapping(raw.get("input")), **own["input"]}
    elif "input" in own:
        raw["input"] = own["input"]
    return raw, parts


def _spec(made: _Expanding, table: str, name: str) -> Raw:
    """How a field is written where it comes from."""
    for join in made.tables[table].joins:
        if name in join.lent:
            return _spec(made, join.parent, join.lent[name])
    spec: Raw = made.raw[TABLES][table]["fields"][name]
    return spec


def _counterparts(made: _Expanding, name: str, own: Raw, joins: tuple[Join, ...]) -> dict[str, str]:
    """See `TableFacts`."""
    found = {one: f"{name}.{one}" for one in own["fields"]}
    for join in joins:
        theirs = made.counterparts[join.parent]
        found[join.field] = theirs[join.key]
        found.update({here: theirs[there] for here, there in join.lent.items()})
    return found


def _knowing(made: _Expanding, name: str, releases: Mapping[str, Mapping[str, str]], sha256: str) -> Table:
    """A table whose policy knows of the others."""
    table = made.tables[name]
    own = {parts[name]: release for release, parts in releases.items() if name in parts}
    others = (*_may_be_anonymized(made, name), *_unlent_identities(made, name))
    apart = {
        part: tuple(dict.fromkeys([*others, *(one for one in releases[release].values() if one != part)]))
        for part, release in own.items()
    }
    facts = TableFacts(name, own, made.counterparts[name], sha256, apart)
    return replace(table, policy=table.policy.with_facts(facts))


def _may_be_anonymized(made: _Expanding, name: str) -> Iterator[str]:
    """The parts of other tables whose policy does not say that they stay personal."""
    for other, table in made.tables.items():
        if other != name:
            for release, spec in table.policy.releases.items():
                if spec.expect is not LabelName.STILL_PERSONAL:
                    yield release


def _unlent_identities(made: _Expanding, name: str) -> Iterator[str]:
    """What names persons in tables that this one does not refer to: persons who share it would count as several here.

    The key of a table is no such thing: it stands in one row, and so with one person.
    """
    known = {*made.counterparts[name].values()}
    for other, table in made.tables.items():
        key = made.raw[TABLES][other].get("key")
        for identity in identities(table.policy):
            counterpart = made.counterparts[other][identity]
            if other != name and identity != key and counterpart not in known:
                yield counterpart


def _placed(raw: Raw, name: str, lent: set[str], path: Path) -> Path:
    """Where something stands in a policy with tables that stands at ``path`` of one table's own policy."""
    own = raw[TABLES][name]
    first = path[:1]
    if first == ("fields",) and path[1:2] and path[1] in lent:
        return (TABLES, name, "joins")
    if first == ("releases",):
        return _placed_in_release(raw, name, path)
    if first and first[0] in OF_TABLE_ALONE:
        stated = "key" if first == ("record",) and "record" not in own else first[0]
        return (TABLES, name, stated, *path[1:])
    if first == ("input",) and (path[1:2] and path[1] in mapping(own.get("input"))):
        return (TABLES, name, *path)
    return path


def _placed_in_release(raw: Raw, name: str, path: Path) -> Path:
    release: Any = mapping(raw["releases"]).get(str(path[1])) if path[1:] else None
    part = mapping(mapping(mapping(release).get(TABLES)).get(name))
    if path[2:] and (path[2] in part or path[2] == "fields"):
        return ("releases", path[1], TABLES, name, *path[2:])
    return path
