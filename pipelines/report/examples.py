"""What a release does with made-up values: the policy's own actions, over synthetic orders, under a key that stands here.

Nothing of a release is read, and no key of it. The same policy and the same levels give the same examples.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.policy_text import read_text
from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Action, Beside, Target
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.actions.surrogate import Surrogate
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.errors import DeidError, KeyFault
from beam_deid.transforms.policy.paths import is_hierarchy_file
from beam_deid.transforms.policy.tables import table_in
from beam_deid.transforms.recognisers.kinds import kind_named
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.synthetic import ORDER_FIELDS, orders
from beam_deid.transforms.terms import Role

_ROWS = 2
_POOL = 100
"""Surrogates are picked from so many, which are quickly made up."""
_SEED = 20_260_101

_BY_KIND = {
    "person_name": "receiver_name",
    "mobile": "receiver_mobile",
    "address": "receiver_address",
    "division": "receiver_city",
    "order_number": "tid",
    "tracking_number": "tid",
    "platform_id": "buyer_open_uid",
    "wechat": "buyer_nick",
    "free_text": "title",
    "integer": "num",
    "number": "payment",
    "decimal": "payment",
    "timestamp": "created",
    "date": "created",
}
"""The column of synthetic orders that has values of a kind."""
_BY_ROLE = {Role.DIRECT: "buyer_open_uid", Role.SENSITIVE: "category"}
"""The same for a column without a kind."""


@dataclass(frozen=True)
class Example:
    """A made-up value, and what the release would hold in its place.

    Attributes:
        before: The value.
        after: What becomes of it.
    """

    before: str
    after: str


class _ExampleKeys:
    """Keys that anybody can make again: they protect nothing, for there is nothing to protect."""

    def subkey(
        self, use: str, domain: str, reference: str | None = None, size: int = 32, identity: int | None = None
    ) -> Subkey:
        """See `KeySource.subkey`; whatever key is named, it is not looked at."""
        return Subkey(1, hashlib.shake_256(f"example\0{use}\0{domain}".encode()).digest(size))

    def person_secrets(self, domain: str, subkey: Subkey) -> PersonSecrets:
        """See `KeySource.person_secrets`.

        Raises:
            KeyFault: Always: nobody who was made up has a secret.
        """
        raise KeyFault("nobody has a secret here", domain)


def examples_of(evidence: Evidence) -> dict[str, tuple[Example, ...]]:
    """Examples of each released field, as far as there are made-up values that fit; none where the policy was not kept."""
    raw = read_text(evidence.policy)
    actions = _actions(raw, evidence.name)
    levels = (evidence.label.get("search") or {}).get("levels") or {}
    made = {}
    for name, facts in evidence.label.get("fields", {}).items():
        found = _examples(evidence, name, facts, actions.get(name), levels.get(name), str(raw.get("dataset")))
        if found:
            made[name] = found
    return made


def left_out(evidence: Evidence) -> list[str]:
    """The columns of the source that are not in the release; none where the policy was not kept."""
    raw = read_text(evidence.policy)
    table = table_in(evidence.name)
    source = _mapping(_mapping(raw.get("tables")).get(table)) if table else raw
    return [name for name in map(str, _mapping(source.get("fields"))) if name not in evidence.label.get("fields", {})]


def _actions(raw: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    """What the policy writes for each field of a release, or of a table's part of one."""
    name, _, table = part.partition(".")
    releases = _mapping(raw.get("releases"))
    release = _mapping(releases.get(part) or releases.get(name))
    if table and "tables" in release:
        release = _mapping(_mapping(release["tables"]).get(table))
    return _mapping(release.get("fields"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _examples(
    evidence: Evidence, name: str, facts: Mapping[str, Any], written: Any, level: str | None, dataset: str
) -> tuple[Example, ...]:
    kind = _kind(facts)
    column = _column(name, kind, facts)
    if written is None or column is None:
        return ()
    try:
        action = _quick(parse_action(written))
        target = Target(evidence.name, name, kind, None, dataset)
        if _needs_files(action):
            return ()
        values, faults = to_kind(column, kind)
        bound = action.bind(target, _ExampleKeys(), _level(action, level))
        treated, wrong, _ = bound(values, _beside(action))
    except (DeidError, ValueError, TypeError):  # what the policy says cannot be done with made-up values
        return ()
    if any(one is not None and np.asarray(one).any() for one in (faults, wrong)):
        return ()
    return tuple(Example(*pair) for pair in zip(_texts(values), _texts(treated), strict=True))


def _kind(facts: Mapping[str, Any]) -> Kind | None:
    try:
        return kind_named(facts["kind"]) if facts.get("kind") else None
    except KeyError:
        return None


def _column(name: str, kind: Kind | None, facts: Mapping[str, Any]) -> pa.Array | None:
    """Made-up values of a field; None where nothing fits."""
    made = _orders()
    by_role = [_BY_ROLE[Role(role)] for role in facts.get("role", ()) if role in list(_BY_ROLE)]
    found = name if name in ORDER_FIELDS else _BY_KIND.get(str(kind)) if kind is not None else next(iter(by_role), None)
    return None if found is None else made.column(found).combine_chunks()


@lru_cache(maxsize=1)
def _orders() -> pa.Table:
    made = orders(_ROWS * 8, _SEED)
    paid = [row for row, when in enumerate(made.column("pay_time").is_valid().to_pylist()) if when]
    return made.take(paid[:_ROWS])


def _quick(action: Action) -> Action:
    """The same action, which fills no large pool."""
    if isinstance(action, Surrogate):
        return action.model_copy(update={"pool": min(action.pool, _POOL)})
    return action


def _needs_files(action: Action) -> bool:
    """Whether it reads a file beside the policy, which may be gone, or another one, when the page is made again."""
    return is_hierarchy_file(str(getattr(action, "hierarchy", None) or ""))


def _level(action: Action, name: str | None) -> int | None:
    """The number of the level that the search chose; None where the policy fixes it, or there are none."""
    if name is None or not isinstance(action, Levelled):
        return None
    return action.generalization_hierarchy().index(name)


def _beside(action: Action) -> pa.Array | None:
    if action.beside is Beside.SUBJECT:
        return _orders().column("buyer_open_uid").combine_chunks()
    if action.beside is Beside.PLACE:
        return pa.array([bytes([row]) * 16 for row in range(_ROWS)], pa.binary(16))
    return None


def _texts(column: pa.Array) -> Iterator[str]:
    for value in column.to_pylist():
        yield "" if value is None else str(value)
