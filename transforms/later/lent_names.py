"""Which of the fields that name persons no released column shows; a key that refers to a row shows what that row lends."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from beam_deid.transforms.later.naming_columns import counterpart_of
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.table_policy import table_of


def unseen_names(policy: Policy, named: Sequence[str], seen: Collection[str], run: Mapping[str, Any]) -> list[str]:
    """The fields by which persons are named and that a release does not show in every row of theirs.

    Args:
        policy: The policy of the release's table.
        named: The fields of the table by which persons are named.
        seen: Those of them that a released column shows.
        run: The ``run.json`` of the release's run.
    """
    table = table_of(policy)
    if not table:
        return [name for name in named if name not in seen]
    tables = run.get("tables", {})
    own = {(counterpart_of(policy, name), policy.kind(name)) for name in seen if not _is_lent(policy, name)}
    may_lack = _refers_to_dangling(table, tables)
    return [
        name
        for name in named
        if (name not in seen or (_is_lent(policy, name) and may_lack))
        and (counterpart_of(policy, name), policy.kind(name)) not in own
    ]


def _is_lent(policy: Policy, name: str) -> bool:
    """Whether a field of a table is lent it: it is called there as it is in all tables."""
    return counterpart_of(policy, name) == name


def _refers_to_dangling(table: str, tables: Mapping[str, Any]) -> bool:
    """Whether rows that a table refers to, directly or through others, refer to rows that are not there: they lend nothing."""
    if table not in tables:
        return True  # nobody says that there are none
    parents = [one["table"] for one in tables.get(table, {}).get("joins", {}).values()]
    dangling = any(one["dangling"] for parent in parents for one in tables.get(parent, {}).get("joins", {}).values())
    return dangling or any(_refers_to_dangling(parent, tables) for parent in parents)
