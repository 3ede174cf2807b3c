"""Why no node satisfies the requirements: which of them stands in the way, and the nearest settings that can be met."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from beam_deid.transforms.search.exploring import explore
from beam_deid.transforms.search.lattice import LARGEST, Lattice
from beam_deid.transforms.search.optimum import Optimum, optimum
from beam_deid.transforms.search.requirements import Requirements

_MOST = 2_000
_WORK = 20_000_000


@dataclass(frozen=True)
class Blocked:
    """Why no node satisfies.

    Attributes:
        by: Requirements without which, each by itself, something satisfies: ``k``, ``suppression``, ``average_risk``, ``risk``
            or the name of a criterion. None of them where several stand in the way at once.
        k: The greatest k that can be met with all else as it is; None if not even 1 can.
        suppression: The least share of records that must be suppressed, rounded up to 0.0001; None if nothing helps.
        fields: Fields without each of which, by itself, something satisfies, with the loss that is left then.
    """

    by: tuple[str, ...]
    k: int | None
    suppression: float | None
    fields: Mapping[str, float] = field(default_factory=dict)


def blocked(lattice: Lattice, require: Requirements) -> Blocked:
    """Find out why no node of a lattice satisfies."""

    def feasible(other: Requirements) -> bool:
        return least(lattice, other, any_will_do=True).best is not None

    without = {
        "k": replace(require, k=1),
        "suppression": replace(require, suppression=1.0),
        "average_risk": replace(require, average_risk=None),
        "risk": replace(require, mean_risk=None),
        **{one.name: replace(require, without=require.without | {one.name}) for one in lattice.criteria},
    }
    by = tuple(name for name, other in without.items() if other != require and feasible(other))
    k = _greatest(require.k, lambda k: feasible(replace(require, k=k))) if "k" in by else None
    share = None
    if "suppression" in by:
        units = round((1.0 - require.suppression) * 10_000)
        less = _greatest(
            units, lambda unit: feasible(replace(require, suppression=min(1.0, 1.0 - (unit - 1) / 10_000)))
        )
        share = None if less is None else min(1.0, math.ceil((1.0 - (less - 1) / 10_000) * 10_000 - 1e-6) / 10_000)
    return Blocked(by, k, share)


def least(lattice: Lattice, require: Requirements, any_will_do: bool = False) -> Optimum:
    """Search for the best node for a short time."""
    if lattice.many > LARGEST:
        return explore(lattice, require, work=_WORK, any_will_do=any_will_do)
    return optimum(lattice, require, most=_MOST, any_will_do=any_will_do)


def _greatest(limit: int, met: Callable[[int], bool]) -> int | None:
    """The greatest number from 1 to below ``limit`` that is met, where smaller ones are if a greater one is."""
    low = 0
    high = limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if met(middle) else (low, middle)
    return low or None
