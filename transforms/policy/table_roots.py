"""Whether all tables of a policy lead to one of them, whose persons all are about: what names a person there counts in each.

A table that names its own subject and refers to no other one is measured without what names the same persons elsewhere, so that
two accounts of one person would count as two. So one table refers to no other, and all others lead to it, directly or through
others.
"""

from collections.abc import Iterator, Mapping

from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.table_checks import TABLES, Raw, mapping
from beam_deid.transforms.policy.yaml_nodes import Problem

_FIELD = "FIELD"
"""Stands in advice where nothing tells which field it is."""
_Links = Mapping[str, frozenset[str]]
"""By table those that it refers to, or would."""


def unconnected(tables: Raw) -> Iterator[Problem]:
    """Yield a problem for each table that does not lead to the one that all others do.

    Args:
        tables: The tables of a raw policy, in which `beam_deid.transforms.policy.table_checks.table_problems` found nothing.
    """
    stated = {name: frozenset(mapping(table.get("joins")).values()) for name, table in tables.items()}
    roots = [name for name, parents in stated.items() if not parents]
    for name, table in tables.items():
        subject = table.get("subject")
        if stated[name] and subject is not None and subject not in mapping(table.get("joins")):
            # What it is lent would name the persons of another field, and nobody those of its own.
            what = "its persons are of no table that it refers to; join this field (joins:), or leave subject out"
            yield Problem((TABLES, name, "subject"), what)
    if len(roots) < 2:
        return
    likely = {name: parents | _likely_parents(tables, name) for name, parents in stated.items()}
    led = {root: sum(root in _ancestors(likely, name) for name in tables if name != root) for root in roots}
    common = max(roots, key=led.__getitem__)
    for root in roots:
        if root != common:
            yield _apart(tables, stated, root, common)


def _likely_parents(tables: Raw, name: str) -> frozenset[str]:
    """The tables whose key has the name of a field of a table."""
    fields = mapping(tables[name].get("fields"))
    return frozenset(other for other, table in tables.items() if other != name and table.get("key") in fields)


def _ancestors(links: _Links, name: str) -> frozenset[str]:
    """The tables that one leads to, directly or through others."""
    found: frozenset[str] = frozenset()
    new = links[name]
    while not new <= found:
        found |= new
        new = frozenset().union(*(links[one] for one in new))
    return found


def _apart(tables: Raw, stated: _Links, root: str, common: str) -> Problem:
    """A table that does not lead to the common one, and the join that would do it."""
    why = (
        f"it refers to no other table, so that nobody sees which of its persons are one person in {bare(common)}: what names "
        "them there would not count here"
    )
    candidates = [one for one in tables if one == common or common in _ancestors(stated, one)]
    parents = [one for one in candidates if "key" in tables[one] and root not in _ancestors(stated, one)]
    if not parents:
        what = f"{why}; add key: {_FIELD} to {bare(common)}, and joins: {{{_FIELD}: {bare(common)}}} here"
        return Problem((TABLES, root), what)
    likely = _likely_parents(tables, root)
    parent = next((one for one in parents if one in likely), parents[0])
    field = bare(str(tables[parent]["key"])) if parent in likely else _FIELD
    what = f"{why}; add joins: {{{field}: {bare(parent)}}}, the field that refers to the key there"
    return Problem((TABLES, root), what)
