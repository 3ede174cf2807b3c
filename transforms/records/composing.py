"""Line 8: what the releases of a run say together. The register across runs is to be tested in this place, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from beam_deid.transforms.columns.fingerprint import codes
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.records.candidate import Candidate
from beam_deid.transforms.records.choosing import Chosen
from beam_deid.transforms.records.cutting import Cut, cut
from beam_deid.transforms.risk.composition import Side, common_values, joint_groups
from beam_deid.transforms.risk.histogram import Counts

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""


@dataclass(frozen=True)
class Pair:
    """What two releases say together.

    Attributes:
        persons: Fewest persons of a joint group.
        values: Of each sensitive field that both hold the fewest values in common.
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
    after = _suppressed(chosen) if len(chosen) > 1 else dict(chosen)
    found: dict[str, dict[str, Composed]] = {name: {} for name in chosen}
    for one, other in combinations(after, 2):
        pair = together(after[one], after[other])
        found[one][other] = found[other][one] = Composed(pair.persons, pair.values)
    return after, found


def together(one: Chosen, other: Chosen) -> Pair:
    """What two releases of the same records say together."""
    sibling = one.data.layout.scope.siblings[other.data.layout.release]
    mine, theirs = one.recoding.cut.left > 0, other.recoding.cut.left > 0
    cells, broken = one.data.cells, np.zeros(len(one.data.cells), bool)
    if not cells.persons.names or not (mine.any() or theirs.any()):
        return Pair(None, {}, broken)
    sides = [Side(_numbers(each, sibling.shared), there) for each, there in ((one, mine), (other, theirs))]
    joint = joint_groups(sides[0], sides[1], cells.persons, cells.counts)
    few = joint.persons < sibling.k
    broken |= (joint.groups >= 0) & few[joint.groups]
    values: dict[str, int] = {}
    rows = np.flatnonzero(mine & theirs)
    for name in sibling.sensitive:
        if not len(rows):
            continue
        first, second = _values_together(one, other, name)
        groups = [_rest_groups(each, name) for each in (one, other)]
        common = common_values(groups[0], groups[1], first, second, rows)
        values[name] = int(common.min())
        broken[rows[common < sibling.l[name]]] = True
    # Of a sensitive field that no record has in both releases nothing can be told by both.
    values |= {name: sibling.l[name] for name in sibling.sensitive if name not in values}
    return Pair(int(joint.persons.min()), values, broken)


def _suppressed(chosen: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """The releases without what they say together; as they were where that would be more than a share allows."""
    now = dict(chosen)
    for _ in range(_ROUNDS):
        broken = {name: np.zeros(len(one.data.cells), bool) for name, one in now.items()}
        for one, other in combinations(now, 2):
            pair = together(now[one], now[other])
            broken[one] |= pair.broken
            broken[other] |= pair.broken
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


def _values_together(one: Chosen, other: Chosen, name: str) -> tuple[Counts, Counts]:
    """The values of a sensitive field in two releases, numbered together; null is -1."""
    keys = [each.data.normal_keys(name, each.recoding.levels) for each in (one, other)]
    numbers, distinct = codes(np.concatenate(keys))
    nobody = np.logical_or.reduce([persons < 0 for persons in one.data.cells.persons.numbers])
    nothing = (distinct == one.data.job.prints.null)[numbers] | np.concatenate([nobody, nobody])
    numbers = np.where(nothing, -1, numbers)
    return numbers[: len(keys[0])], numbers[len(keys[0]) :]
