"""The search for a release's levels: the proved optimum where the lattice allows it, else a descent, said so."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.records.assessing import Assessor
from beam_deid.transforms.records.layout import Layout
from beam_deid.transforms.search.descent import descend
from beam_deid.transforms.search.lattice import LARGEST, Counted
from beam_deid.transforms.search.optimum import optimum

Levels = dict[str, int]


@dataclass(frozen=True)
class Searched:
    """What the search found.

    Attributes:
        levels: The chosen level of each open field; the most general ones if nothing satisfies.
        satisfied: Whether they meet what is required.
        nodes: How many nodes there are.
        evaluated: How many were looked at.
        method: How it was searched, and whether the result is proved to be the best.
    """

    levels: Levels
    satisfied: bool
    nodes: int
    evaluated: int
    method: str


def search_levels(policy: Policy, layout: Layout, assessor: Assessor, accept: Callable[[Levels], bool]) -> Searched:
    """Choose a level for every open field.

    Args:
        policy: The policy.
        layout: The release.
        assessor: Its data.
        accept: Whether everything required holds at some levels, what classes alone cannot tell included.
    """
    if not layout.open:
        return Searched({}, True, 1, 0, "levels fixed")
    choices = {name: open_choices(policy, layout.release, name) for name in layout.open}
    nodes = math.prod(map(len, choices.values()))
    if nodes <= LARGEST and not set(layout.open) & set(layout.sensitive):
        lattice = assessor.lattice(choices)

        def chosen(counted: Counted) -> Levels:
            return {name: allowed[at] for (name, allowed), at in zip(choices.items(), counted.node, strict=True)}

        found = optimum(lattice, lambda counted: accept(chosen(counted)))
        if lattice.exact and (found.best is not None or found.proved):
            levels = {name: allowed[-1] for name, allowed in choices.items()} if found.best is None else chosen(found.best)
            how = "optimum" if found.proved else "best of what was looked at"
            return Searched(levels, found.best is not None, found.nodes, found.counted, how)
        if found.best is not None:
            # Too many people were left out of the count for the optimum to be one; a descent counts all of them.
            by_bound = chosen(found.best)
            descent = descend(choices, accept, lambda levels: assessor.loss(levels, assessor.everything))
            first = min((by_bound, descent.levels), key=lambda levels: assessor.loss(levels, assessor.cut(levels).kept))
            how = "better one of a greedy descent and the optimum with each person counted in one class only"
            return Searched(first, True, found.nodes, found.counted + descent.evaluated, how)
    descent = descend(choices, accept, lambda levels: assessor.loss(levels, assessor.everything))
    return Searched(descent.levels, descent.satisfied, nodes, descent.evaluated, "greedy descent from the top")


def open_choices(policy: Policy, release: str, name: str) -> tuple[int, ...]:
    """The levels that are open to a field, ascending."""
    action = policy.releases[release].fields[name]
    return action.choices() if isinstance(action, Generalize) else (0,)

