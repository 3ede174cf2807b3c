"""Line 8: what releases say together is suppressed where that is within every share, and told."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from beam_deid.transforms.candidate.cut import Cut
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.composition.copies import copied, copied_earlier
from beam_deid.transforms.composition.members import (
    Member,
    Members,
    Together,
)
from beam_deid.transforms.composition.saying import all_together, together, with_earlier
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.past.views import Past

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""


_KEPT = 4
"""How many states of some releases it is remembered of what they say together."""


def compose(members: Members, past: Past) -> tuple[dict[str, Cut], dict[str, dict[str, Composed]]]:
    """Suppress what releases say together, where that is within every share, and tell what is left.

    Args:
        members: The releases of a run that are tested together, over the same cells.
        past: What was given out before of the same records.

    Returns:
        What is released of each now; and what each says together with each other one.
    """
    pairs = list(combinations(members, 2))
    copies = {pair: copied(members[pair[0]], members[pair[1]]) for pair in pairs}
    # Where a column is a copy of a secret one nothing is reached, and so nothing suppressed.
    after = dict(members) if any(copies.values()) else suppressed(members, past) or dict(members)
    every = _every(after, past)
    found = {name: dict(said) for name, said in every.found.items()}
    for (one, other), reason in copies.items():
        if reason:
            found[one][other] = found[other][one] = Composed(None, {}, reason)
    for name, said in found.items():
        said |= {other: Composed(None, {}, reason) for other, reason in past.untested.items()}
        for entry in past.entries:
            reason = copied_earlier(after[name], entry)
            if reason:
                said[entry.name] = Composed(None, {}, reason)
    return {name: member.cut for name, member in after.items()}, found


def suppressed(members: Members, past: Past) -> dict[str, Member] | None:
    """The releases without what they say together; None where that would be more than a share allows."""
    now = dict(members)
    for _ in range(_ROUNDS):
        broken = _every(now, past).broken
        again = {name: _without(one, broken[name]) for name, one in now.items()}
        if any(one is None for one in again.values()):
            return None
        after = {name: one for name, one in again.items() if one is not None}
        if all(np.array_equal(after[name].cut.left, now[name].cut.left) for name in now):
            return after
        now = after
    return None


@dataclass(frozen=True)
class _Every:
    """All that some releases of a run say together, and with earlier ones.

    Attributes:
        found: What each says together with each other one.
        broken: Of each the cells that say too much together with others, shape (n,).
    """

    found: Mapping[str, dict[str, Composed]]
    broken: Mapping[str, np.ndarray]

    def add(self, name: str, other: str, said: Together) -> None:
        """Note what a release and another one say together."""
        self.found[name][other] = said.composed
        self.broken[name][said.broken] = True


def _every(members: Members, past: Past) -> _Every:
    """All that releases say together. What was found last is remembered: whoever suppresses asks the same again."""
    data = next(iter(members.values())).data
    state = _state(members)
    if state not in data.composed:
        while len(data.composed) >= _KEPT:
            del data.composed[next(iter(data.composed))]
        data.composed[state] = _found(members, past)
    found: _Every = data.composed[state]
    return found


def _found(members: Members, past: Past) -> _Every:
    every = _Every(
        {name: {} for name in members}, {name: np.zeros(len(one.data.cells), bool) for name, one in members.items()}
    )
    for one, other in combinations(members, 2):
        pair = together(members[one], members[other])
        every.add(one, other, pair)
        every.add(other, one, pair)
    for name, member in members.items():
        for number, entry in enumerate(past.entries):
            every.add(name, entry.name, with_earlier(member, past, number))
    if len(members) + len(past.entries) > 2:
        whole = all_together(members, past)
        for name in members:
            every.add(name, EVERY, whole)
    return every


def _state(members: Members) -> bytes:
    """What tells releases, their levels and what is left of them from others of the same run."""
    digest = hashlib.sha256()
    for name, one in members.items():
        digest.update(repr((name, sorted(one.levels))).encode())
        for field in sorted(one.levels):
            digest.update(np.asarray(one.levels[field], np.int64).tobytes())
        digest.update(np.ascontiguousarray(one.cut.left).data)
    return digest.digest()


def _without(one: Member, broken: np.ndarray) -> Member | None:
    """A release without some cells, all its own lines asked again; None where more would go than its share allows."""
    before = one.cut
    if not (broken & (before.left > 0)).any():
        return one
    if not before.satisfied:
        return None  # what misses its own lines suppresses nothing
    made = cut(one.data, one.levels, left=np.where(broken, 0, before.left))
    if not made.satisfied:
        return None
    merged = {
        columns: np.union1d(keys, made.suppressed.get(columns, keys[:0])) for columns, keys in before.suppressed.items()
    }
    merged |= {columns: keys for columns, keys in made.suppressed.items() if columns not in merged}
    return replace(one, cut=Cut(made.left, merged, True, made.needed))
