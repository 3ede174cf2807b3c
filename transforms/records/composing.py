"""Line 8: what the releases of a run say together. The register across runs is to be tested in this place, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from beam_deid.transforms.columns.fingerprint import codes
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.records.candidate import Candidate
from beam_deid.transforms.records.choosing import Chosen
from beam_deid.transforms.records.cutting import Cut, cut
from beam_deid.transforms.risk.composition import (
    Side,
    common_values,
    common_values_of_all,
    joint_groups,
    joint_groups_of_all,
    one_to_one,
)
from beam_deid.transforms.risk.histogram import Counts

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""


@dataclass(frozen=True)
class Together:
    """What two releases, or all of them, say together.

    Attributes:
        persons: Fewest persons of a joint group.
        values: Of each sensitive field that they hold the fewest values in common.
        broken: Cells whose joint group, or whose values in common, are too few, shape (n,).
    """

    persons: int | None
    values: Mapping[str, int]
    broken: np.ndarray


def compose(chosen: Mapping[str, Chosen]) -> tuple[dict[str, Chosen], dict[str, dict[str, Composed]]]:
    """Suppress what the releases of a run say together, where that is within every share, and tell what is left.

    Args:
        chosen: The releases that are tested together.

    Returns:
        The releases, with what is suppressed now; and what each says together with each other one.
    """
    pairs = list(combinations(chosen, 2))
    copies = {pair: copied(chosen[pair[0]], chosen[pair[1]]) for pair in pairs}
    # Where a column is a copy of a secret one nothing is reached, and so nothing suppressed.
    after = dict(chosen) if any(copies.values()) else _suppressed(chosen)
    found: dict[str, dict[str, Composed]] = {name: {} for name in chosen}
    for one, other in pairs:
        reason = copies[one, other]
        said = together(after[one], after[other])
        found[one][other] = found[other][one] = Composed(None, {}, reason) if reason else Composed(said.persons, said.values)
    if len(after) > 2:
        whole = all_together(after)
        for name in after:
            found[name][EVERY] = Composed(whole.persons, whole.values)
    return after, found


def copied(one: Chosen, other: Chosen) -> str:
    """What a release says of a sensitive column that another one holds, under another name; empty if nothing.

    Fields are compared by their names, so that nothing can be said of two releases if one of them holds a copy, or a pseudonym,
    of what is secret in the other.
    """
    both = np.flatnonzero((one.recoding.cut.left > 0) & (other.recoding.cut.left > 0))
    for holder, elsewhere in ((one, other), (other, one)):
        secret = [name for name in holder.data.layout.scope.sensitive if name not in elsewhere.data.layout.fields]
        others = [name for name in elsewhere.data.layout.fields if name not in holder.data.layout.fields]
        for name in secret:
            numbers = holder.data.coded(name, holder.recoding.levels)[0][both]
            for copy in others:
                if one_to_one(numbers, elsewhere.data.coded(copy, elsewhere.recoding.levels)[0][both]):
                    here, there = holder.data.layout.release, elsewhere.data.layout.release
                    return f"{copy} in {there} says what {name} in {here} does: give both out under one name, or only one of them"
    return ""


def together(one: Chosen, other: Chosen) -> Together:
    """What two releases of the same records say together."""
    sibling = one.data.layout.scope.siblings[other.data.layout.release]
    mine, theirs = one.recoding.cut.left > 0, other.recoding.cut.left > 0
    cells, broken = one.data.cells, np.zeros(len(one.data.cells), bool)
    if not cells.persons.names or not (mine.any() or theirs.any()):
        return Together(None, {}, broken)
    sides = [Side(_numbers(each, sibling.shared), there) for each, there in ((one, mine), (other, theirs))]
    joint = joint_groups(sides[0], sides[1], cells.persons, cells.counts)
    few = joint.persons < sibling.k
    broken |= (joint.groups >= 0) & few[joint.groups]
    values: dict[str, int] = {}
    rows = np.flatnonzero(mine & theirs)
    for name in sibling.sensitive:
        if not len(rows):
            continue
        first, second = _values_together((one, other), name)
        groups = [_rest_groups(each, name) for each in (one, other)]
        common = common_values(groups[0], groups[1], first, second, rows)
        values[name] = int(common.min())
        broken[rows[common < sibling.l[name]]] = True
    # Of a sensitive field that no record has in both releases nothing can be told by both.
    values |= {name: sibling.l[name] for name in sibling.sensitive if name not in values}
    return Together(int(joint.persons.min()), values, broken)


def all_together(chosen: Mapping[str, Chosen]) -> Together:
    """What more than two releases of the same records say together, which no two of them need say."""
    every = list(chosen.values())
    cells, scopes = every[0].data.cells, [one.data.layout.scope for one in every]
    present = [one.recoding.cut.left > 0 for one in every]
    broken = np.zeros(len(cells), bool)
    if not cells.persons.names or not np.logical_or.reduce(present).any():
        return Together(None, {}, broken)
    held = [[name for name in scope.siblings[EVERY].shared if name in scope.fields] for scope in scopes]
    sides = [Side(_numbers(one, names), there) for one, names, there in zip(every, held, present, strict=True)]
    joint = joint_groups_of_all(sides, cells.persons, cells.counts)
    few = joint.persons < scopes[0].siblings[EVERY].k
    broken |= (joint.groups >= 0) & few[joint.groups]
    values: dict[str, int] = {}
    for name, least in {name: least for scope in scopes for name, least in scope.siblings[EVERY].l.items()}.items():
        holders = [one for one, scope in zip(every, scopes, strict=True) if name in scope.fields]
        # What a record says in two releases only is tested of the two.
        times = np.sum([one.recoding.cut.left > 0 for one in holders], axis=0)
        rows = np.flatnonzero(times > 2)
        values[name] = least
        if len(rows):
            groups = [_rest_groups(one, name) for one in holders]
            common = common_values_of_all(groups, _values_together(holders, name), rows)
            values[name] = int(common.min())
            broken[rows[common < least]] = True
    return Together(int(joint.persons.min()), values, broken)


def _suppressed(chosen: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """The releases without what they say together; as they were where that would be more than a share allows."""
    now = dict(chosen)
    for _ in range(_ROUNDS):
        broken = {name: np.zeros(len(one.data.cells), bool) for name, one in now.items()}
        for one, other in combinations(now, 2):
            pair = together(now[one], now[other])
            broken[one] |= pair.broken
            broken[other] |= pair.broken
        if len(now) > 2:
            whole = all_together(now).broken
            broken = {name: before | whole for name, before in broken.items()}
        again = {name: _without(one, broken[name]) for name, one in now.items()}
        if any(one is None for one in again.values()):
            return dict(chosen)
        after = {name: one for name, one in again.items() if one is not None}
        if all(np.array_equal(after[name].recoding.cut.left, now[name].recoding.cut.left) for name in now):
            return after
        now = after
    return dict(chosen)


def _without(one: Chosen, broken: np.ndarray) -> Chosen | None:
    """A release without some cells, all its own lines asked again; None where more would go than its share allows."""
    before = one.recoding.cut
    if not (broken & (before.left > 0)).any():
        return one
    if not before.satisfied:
        return None  # what misses its own lines suppresses nothing
    made = cut(one.data, one.recoding.levels, left=np.where(broken, 0, before.left))
    if not made.satisfied:
        return None
    merged = {columns: np.union1d(keys, made.suppressed.get(columns, keys[:0])) for columns, keys in before.suppressed.items()}
    merged |= {columns: keys for columns, keys in made.suppressed.items() if columns not in merged}
    return one.with_cut(Cut(made.left, merged, True, made.needed))


def _numbers(one: Chosen, fields: Sequence[str]) -> Counts:
    """Number of what a release says of some fields, at its levels, for every cell."""
    return codes(one.data.keys(fields, one.recoding.levels))[0]


def _rest_groups(one: Chosen, name: str) -> Counts:
    """The group around a sensitive field of each cell, shape (n,); -1 where the release does not give it out."""
    seen: Candidate = one.candidate
    groups = np.full(len(one.data.cells), -1, np.int64)
    groups[seen.cells] = seen.groups(seen.scope.around(name)).numbers
    return groups


def _values_together(every: Sequence[Chosen], name: str) -> list[Counts]:
    """The values of a sensitive field in several releases, numbered together; null is -1."""
    keys = [each.data.normal_keys(name, each.recoding.levels) for each in every]
    numbers, distinct = codes(np.concatenate(keys))
    nobody = np.logical_or.reduce([persons < 0 for persons in every[0].data.cells.persons.numbers])
    nothing = (distinct == every[0].data.job.prints.null)[numbers] | np.tile(nobody, len(every))
    numbers = np.where(nothing, -1, numbers)
    return list(numbers.reshape(len(keys), -1))
