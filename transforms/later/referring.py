"""Rows that refer to persons' rows of another table, where these lend nothing that names the persons.

What a table is lent names whose its rows are, but for one case: an order of somebody whom no row of the customers names. The order
itself has the buyer's name, and its items are lent nothing. They are known by the order's number.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.joining.keys import key_texts
from beam_deid.transforms.joining.tables import PreparedTable
from beam_deid.transforms.later.subjects import Listed, Subjects, subjects_of
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.policy.tables import Join
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.treat.typed import Records, read_typed, typed


def with_referring(listed: Listed, tables: Mapping[str, PreparedTable]) -> Listed:
    """A list of persons in which each table also knows the rows that refer to theirs, where it is not lent whose these are.

    Args:
        listed: The list.
        tables: The tables of the source, joined, each after those that it refers to.

    Raises:
        InputError: A file cannot be read.
    """
    of = dict(listed.of)
    for name, table in tables.items():
        for by in table.table.joins:
            policy = table.table.policy
            if by.field in identities(policy):
                keys = _keys_not_lent(tables[by.parent], of[by.parent], by)
                of[name] = _with_more(of[name], by.field, keys, policy)
    return replace(listed, of=of)


def _keys_not_lent(parent: PreparedTable, persons: Subjects, by: Join) -> pa.Array:
    """The keys, as text, of persons' rows of a table of which nothing that is lent to another one names them."""
    lent = [there for there in by.lent.values() if there in persons.spelt]
    own = [name for name in persons.spelt if name not in lent and name != by.key]
    found = [pa.array([], pa.string())]
    if not own:
        return found[0]
    policy = parent.table.policy
    wanted = tuple(dict.fromkeys([*own, *lent, by.key]))
    for shard in parent.prepared.shards:
        for batch in read_typed(shard, parent.prepared.job, wanted, spare=wanted):
            theirs = _among(batch.records, own, persons, policy) & ~_among(batch.records, lent, persons, policy)
            found.append(key_texts(batch.records.columns[by.key]).filter(pa.array(theirs)))
    return pa.concat_arrays(found).drop_null().unique()


def _among(records: Records, names: list[str], persons: Subjects, policy: Policy) -> Bools:
    """Which of n records are persons', by some of their columns, shape (n,)."""
    found = np.zeros(len(records), np.bool_)
    for name in names:
        texts = identity_text(records.columns[name], policy.kind(name))
        found |= pc.is_in(texts, value_set=persons.identities[name]).to_numpy(zero_copy_only=False)
    return found


def _with_more(persons: Subjects, field: str, keys: pa.Array, policy: Policy) -> Subjects:
    """Persons who are also known by some values of a field, behind the rows of their list."""
    if not len(keys):
        return persons
    more, _ = typed({field: keys}, np.arange(len(keys)), policy)
    return subjects_of(_behind(persons.records, more), policy)


def _behind(first: Records, second: Records) -> Records:
    """Records of both, null in the columns that they lack."""
    columns = {
        name: _column(first.columns, second.columns, name, first, second) for name in (*first.columns, *second.columns)
    }
    spelt = dict.fromkeys([*first.normal, *second.normal])
    normal = {
        name: _column({**first.columns, **first.normal}, {**second.columns, **second.normal}, name, first, second)
        for name in spelt
    }
    return Records(columns, np.arange(len(first) + len(second)), normal=normal)


def _column(
    one: Mapping[str, pa.Array], other: Mapping[str, pa.Array], name: str, first: Records, second: Records
) -> pa.Array:
    kind = (one[name] if name in one else other[name]).type
    above = one[name] if name in one else pa.nulls(len(first), kind)
    below = other[name].cast(kind) if name in other else pa.nulls(len(second), kind)
    return pa.concat_arrays([above, below])
