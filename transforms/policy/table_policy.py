"""The policy of one table among the tables of a dataset, as the engine takes it: a policy that knows where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import PrivateAttr

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.policy.places import RegisterPlace


@dataclass(frozen=True)
class TableFacts:
    """What a table's policy knows of the others.

    Attributes:
        table: The table's name.
        releases: The policy's releases by the names that they have in this table: ``crm.orders`` is a part of ``crm``.
        counterparts: Of each field the field, with its table, that it has one key domain with: of a foreign key the key that it
            refers to, of a joined field that from which it comes, of any other itself.
        sha256: Hash of the policy of all tables, in hex.
        apart: By release of this table what of other tables it is not tested with: releases that may be anonymized, the other parts
            of its own release, which everybody has who has this one, and columns that name persons there and nobody here.
    """

    table: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    counterparts: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class TablePolicy(Policy):
    """The policy of one table. Fields that other tables lend it stand among its own, with a dot in their names."""

    _facts: TableFacts = PrivateAttr(default_factory=TableFacts)

    def with_facts(self, facts: TableFacts) -> "TablePolicy":
        """The same policy, which knows of the other tables."""
        made = self.model_copy()
        made._facts = facts
        return made

    def without_register(self) -> "TablePolicy":
        """The same policy, of whose releases nothing is remembered."""
        return TablePolicy.model_copy(self, update={"kept": RegisterPlace(path=NO_REGISTER)})

    @property
    def facts(self) -> TableFacts:
        """What it knows of the other tables."""
        return self._facts

    def target(self, release: str, field: str) -> Target:
        """The field as an action sees it: what several tables hold has one key domain in all parts of a release."""
        facts = self._facts
        counterpart = (facts.releases.get(release, release), facts.counterparts.get(field, field))
        return replace(super().target(release, field), counterpart=counterpart)


def table_of(policy: Policy) -> str:
    """The table that a policy is of; empty where its dataset is one table."""
    return policy.facts.table if isinstance(policy, TablePolicy) else ""


def common_subject(policy: Policy) -> str:
    """The subject by the name that it has in all tables, where it may be known by other names; empty in a dataset of one table."""
    return policy.facts.counterparts.get(str(policy.subject), "") if isinstance(policy, TablePolicy) else ""


def untested_tables(policy: Policy, release: str) -> tuple[str, ...]:
    """The releases of other tables of the dataset that a release would have to be tested with: see `TableFacts.apart`."""
    return policy.facts.apart.get(release, ()) if isinstance(policy, TablePolicy) else ()
