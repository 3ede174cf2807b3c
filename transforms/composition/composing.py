"""Line 8 of the label rule: records about which several releases together say too much are suppressed, or reported."""

from collections.abc import Iterator, Mapping
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
from beam_deid.transforms.label.found import Composed
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.run.progress import PROGRESS

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""


@dataclass(frozen=True)
class Compositions:
    """What an attacker learns from releases of a run together, from each two, from all, and with earlier ones.

    Attributes:
        found: By release, what it and each other one say together, by the other's name.
        broken: By release, the cells that say too much together with others, shape (n,), bool.
    """

    found: Mapping[str, Mapping[str, Composed]]
    broken: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Settled:
    """Releases after suppression of the records that break line 8.

    Attributes:
        members: The releases.
        compositions: What an attacker still learns from them together.
        reached: Whether every line 8 among them holds within the share of each. If not, nothing is suppressed.
    """

    members: Members
    compositions: Compositions
    reached: bool


@PROGRESS.doing("testing what releases say together")
def compose(
    members: Members, past: Past, settled: Settled | None = None
) -> tuple[dict[str, Cut], dict[str, dict[str, Composed]]]:
    """Suppress the records that break line 8, if that is within the share of every release, and report what is left.

    Args:
        members: The releases of a run that are tested together, over the same cells.
        past: What was given out before of the same records.
        settled: The same releases settled with the past, where that is known already.

    Returns:
        What is released of each release now; and what it and each other one say together.
    """
    copies = {pair: copied(members[pair[0]], members[pair[1]]) for pair in combinations(members, 2)}
    if any(copies.values()):
        # Where a column is a copy of a sensitive one no line can be reached, and so nothing is suppressed.
        settled = Settled(members, _compositions(members, past), reached=False)
    elif settled is None:
        settled = settle(members, past)
    found = {name: dict(said) for name, said in settled.compositions.found.items()}
    for (one, other), reason in copies.items():
        if reason:
            found[one][other] = found[other][one] = Composed(None, {}, reason)
    for name, said in found.items():
        said |= {other: Composed(None, {}, reason) for other, reason in past.untested.items()}
        said |= _copies_of_earlier(settled.members[name], past)
    return {name: member.cut for name, member in settled.members.items()}, found


def _copies_of_earlier(member: Member, past: Past) -> dict[str, Composed]:
    """The earlier releases with which a release cannot be tested, since one holds a copy of the other's sensitive column."""
    reasons = {entry.name: copied_earlier(member, entry) for entry in past.entries}
    return {name: Composed(None, {}, reason) for name, reason in reasons.items() if reason}


def settle(members: Members, past: Past) -> Settled:
    """Suppress the records that break line 8, again and again until no more have to be.

    Args:
        members: The releases of a run that are tested together, over the same cells.
        past: What was given out before of the same records.

    Returns:
        The releases without it; unchanged, and not reached, where more would go than the share of one allows.
    """
    begun = now = Settled(members, _compositions(members, past), reached=False)
    for _ in range(_ROUNDS):
        after = {name: _without(one, now.compositions.broken[name]) for name, one in now.members.items()}
        left = {name: one for name, one in after.items() if one is not None}
        if len(left) < len(after):
            return begun
        if all(left[name] is one for name, one in now.members.items()):
            return replace(now, reached=True)
        now = Settled(left, _compositions(left, past), reached=False)
    return begun


def _compositions(members: Members, past: Past) -> Compositions:
    """Evaluate line 8 for every release of a run."""
    found: dict[str, dict[str, Composed]] = {name: {} for name in members}
    broken = {name: np.zeros(len(one.data.cells), bool) for name, one in members.items()}
    for name, other, told in _pairs(members, past):
        found[name][other] = told.composed
        broken[name][told.broken] = True
    return Compositions(found, broken)


def _pairs(members: Members, past: Past) -> Iterator[tuple[str, str, Together]]:
    """Yield the name of a release, that of the other side, and what both say together."""
    for one, other in combinations(members, 2):
        pair = together(members[one], members[other])
        yield one, other, pair
        yield other, one, pair
    for name, member in members.items():
        for number, entry in enumerate(past.entries):
            yield name, entry.name, with_earlier(member, past, number)
    if len(members) + len(past.entries) > 2:
        whole = all_together(members, past)
        for name in members:
            yield name, EVERY, whole


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
