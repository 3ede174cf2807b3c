"""A policy with several tables of one dataset: each with the policy of its own that the engine takes, parents before children."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.policy.table_policy import TablePolicy

_DOT = "."
"""What stands between a release and a table in the name of a part; neither has one in its own name."""


def part_name(release: str, table: str) -> str:
    """The name of a table's part of a release."""
    return f"{release}{_DOT}{table}"


def table_in(part: str) -> str:
    """The table in the name of a part; empty in that of a release of a dataset of one table."""
    return part.partition(_DOT)[2]


@dataclass(frozen=True)
class Join:
    """A foreign key.

    Attributes:
        field: The field that holds it.
        parent: The table that it refers to.
        key: That table's key.
        lent: The fields that are taken from the parent's row: by their names here, the names that they have there.
    """

    field: str
    parent: str
    key: str
    lent: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: Its name.
        policy: Its policy; without a release where nothing of it is given out.
        key: The field that tells its rows apart; None where no table refers to it.
        joins: Its foreign keys.
    """

    name: str
    policy: TablePolicy
    key: str | None
    joins: tuple[Join, ...]

    @property
    def lent(self) -> tuple[str, ...]:
        """The fields that other tables lend it, which its files do not have."""
        return tuple(name for join in self.joins for name in join.lent)

    @property
    def own(self) -> TablePolicy:
        """Its policy with the fields of its files alone."""
        fields = {name: spec for name, spec in self.policy.fields.items() if name not in self.lent}
        return self.policy.model_copy(update={"fields": fields})


@dataclass(frozen=True)
class TablesPolicy:
    """A policy with tables.

    Attributes:
        dataset: Name of the dataset.
        tables: The tables by name, each after those that it refers to.
        releases: Names of the releases, each with its parts by table: ``{"crm": {"orders": "crm.orders"}}``.
        sha256: Hash of the policies of all tables and of what links them, in hex.
    """

    dataset: str
    tables: Mapping[str, Table]
    releases: Mapping[str, Mapping[str, str]]
    sha256: str

    def without_register(self) -> "TablesPolicy":
        """The same policy, of whose releases nothing is remembered."""
        tables = {name: replace(table, policy=table.policy.without_register()) for name, table in self.tables.items()}
        return replace(self, tables=tables)

    def of_part(self, name: str) -> TablePolicy:
        """The policy of the table that a part of a release is of, by the part's name: ``crm.orders``.

        Raises:
            UsageError: There is no such part.
        """
        found = next((table.policy for table in self.tables.values() if name in table.policy.releases), None)
        if found is None:
            parts = [part for own in self.releases.values() for part in own.values()]
            raise UsageError(f"the policy has no release {name}", "--release", instead(name, parts))
        return found

    def parts(self, releases: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
        """The table and the name of each part of some releases; of all if none is given.

        Raises:
            UsageError: There is no such release.
        """
        for name in releases:
            if name not in self.releases:
                raise UsageError(f"the policy has no release {name}", "--release", instead(name, self.releases))
        for name, parts in self.releases.items():
            if not releases or name in releases:
                yield from parts.items()


def policies_by_table(policy: Policy | TablesPolicy) -> dict[str, Policy]:
    """The policy of each table by the table's name, parents before children; that of a dataset of one table by an empty one."""
    if isinstance(policy, TablesPolicy):
        return {name: table.policy for name, table in policy.tables.items()}
    return {"": policy}
