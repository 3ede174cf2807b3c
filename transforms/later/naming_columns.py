"""Which columns a list of persons may have: fields by which every table of a policy knows whose its rows are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.policy.table_policy import TablePolicy

_ONE = ""
"""The name of the table of a dataset of one."""
_NO_IDENTITY = "is no identity of the policy, so nobody is known by it"


@dataclass(frozen=True)
class Naming:
    """The columns by which a list may name persons.

    Attributes:
        columns: The columns, each with the fields that it names, by table: ``{"buyer": {"customers": ("buyer",)}}``.
        strange: Other fields of the policy, and why nobody is named by them.
    """

    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    strange: Mapping[str, str]

    def fields(self, table: str) -> dict[str, str]:
        """The fields of a table that are named, each by which column."""
        return {field: column for column, named in self.columns.items() for field in named.get(table, ())}


def naming_columns(policies: Mapping[str, Policy]) -> Naming:
    """Find by which columns a list may name persons.

    Args:
        policies: The policy of each table, by its name.
    """
    known: dict[str, dict[str, tuple[str, ...]]] = {}
    for table, policy in policies.items():
        for field in identities(policy):
            of_table = known.setdefault(counterpart_of(policy, field), {})
            of_table[table] = (*of_table.get(table, ()), field)
    everywhere = {name: named for name, named in known.items() if len(named) == len(policies)}
    called = {name: _called(name, policies, everywhere) for name in everywhere}
    strange = {field: _NO_IDENTITY for policy in policies.values() for field in policy.fields}
    for name, named in known.items():
        if name in everywhere:
            strange[name] = f"is called {called[name]} in a list of persons"
        else:
            missing = next(table for table in policies if table not in named)
            strange |= dict.fromkeys((name, _bare(name)), f"does not say whose the rows of the table {missing} are")
    columns = {called[name]: named for name, named in everywhere.items()}
    return Naming(columns, {name: why for name, why in strange.items() if name not in columns})


def counterpart_of(policy: Policy, field: str) -> str:
    """A field by the name that it has in all tables: of a foreign key the key's, of a joined field that from which it comes."""
    return policy.facts.counterparts.get(field, field) if isinstance(policy, TablePolicy) else field


def _called(name: str, policies: Mapping[str, Policy], everywhere: Collection[str]) -> str:
    """What a field is called in a list: without its table, where no other table has one of that name."""
    if _ONE in policies:
        return name
    return _bare(name) if sum(_bare(one) == _bare(name) for one in everywhere) == 1 else name


def _bare(name: str) -> str:
    """A field's name without its table."""
    return name.partition(".")[2]
