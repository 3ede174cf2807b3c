"""The node with minimal information loss among all that satisfy, proved by evaluating as few nodes as possible.

What is known of a node bounds others: no node loses less than all its records at its levels would; where a node suppresses
records, finer ones do, too; and where a node cannot be made to hold by suppressing what is allowed, no finer one can. So the nodes
that are not ruled out yet and might be better than the best so far are looked at, first those from which most follows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.node import Counted, Node
from beam_deid.transforms.search.requirements import Requirements

MOST = 50_000
REFUSALS = 30
"""Most nodes that may be refused, and more where rows are few: see `refusals`."""

_REFUSED_ROWS = 30_000_000
_LISTED = 10_000_000_000

_CHEAP = 50_000

TIE = 1e-12
"""Losses that differ by no more than this share are the same."""

Verify = Callable[[Counted], Counted | None]


@dataclass(frozen=True)
class Optimum:
    """The result of a search.

    Attributes:
        best: The best node; None if none satisfies.
        nodes: Nodes of the lattice.
        counted: Nodes that were counted.
        seconds: Time it took.
        proved: Whether no other node is better; else there was too much to look at.
        refused: Nodes that satisfied, and were refused for what only the whole release can tell.
        hopeless: Which nodes cannot satisfy, nor with more required, shape (nodes,); None where that is not known of each.
    """

    best: Counted | None
    nodes: int
    counted: int
    seconds: float
    proved: bool
    refused: int = 0
    hopeless: Bools | None = field(default=None, repr=False, compare=False)


def optimum(
    lattice: Lattice,
    require: Requirements,
    verify: Verify | None = None,
    hopeless: Bools | None = None,
    most: int = MOST,
    any_will_do: bool = False,
) -> Optimum:
    """Find the best node; among equals the one with the lowest levels, the first attributes first.

    Args:
        lattice: The lattice.
        require: What a node must meet.
        verify: What the whole release makes of a node that satisfies: the same, one that loses more, or None where it is
            refused. It is asked in the order of loss. If not given, `Lattice.settled` tells.
        hopeless: Nodes that are known not to satisfy, shape (nodes,).
        most: Most nodes that are counted; with more to look at the best so far is told as such.
        any_will_do: Whether the first node that satisfies is enough.
    """
    begun = time.monotonic()
    bearable = refusals(lattice)
    most = min(most, max(_LISTED // lattice.many, 200))
    search = _Search(lattice, require, hopeless)
    search.descend(any_will_do)
    verified: set[Node] = set()
    refused = 0
    while True:
        best = search.best()
        chosen = None if any_will_do and best is not None else search.next(best)
        if chosen is not None and search.counted < most:
            search.look(chosen)
            continue
        if best is not None and best.node not in verified:
            told = verify_with(lattice, require, verify)(best)
            verified.add(best.node)
            search.replace(best, told)
            refused += told is None
            if refused <= bearable:
                continue
            best = None
        proved = chosen is None and refused <= bearable
        seconds = time.monotonic() - begun
        return Optimum(best, lattice.many, search.counted, seconds, proved, refused, search.hopeless)


def refusals(lattice: Lattice) -> int:
    """How many nodes of a lattice may be refused before the search gives up: what takes about as long everywhere."""
    return max(REFUSALS, _REFUSED_ROWS // max(lattice.rows, 1))


def verify_with(lattice: Lattice, require: Requirements, verify: Verify | None) -> Verify:
    """Make the check whether a node that satisfies by its classes still does once criteria over the remaining records are met."""

    def settled(counted: Counted) -> Counted | None:
        one = lattice.settled(counted.node, require)
        if not one.satisfies:
            return None
        return one if verify is None else verify(one)

    return settled


class _Search:
    """What is known of the nodes during a search."""

    def __init__(self, lattice: Lattice, require: Requirements, hopeless: Bools | None) -> None:
        self._lattice = lattice
        self._require = require
        self._nodes = lattice.nodes
        # No node loses less than its floor, for what its levels lose, and its penalty, for what it suppresses at least.
        self._floors = lattice.bounds.copy()
        self._penalties = np.zeros(lattice.many)
        self.hopeless = np.zeros(lattice.many, bool) if hopeless is None else hopeless.copy()
        self._open = ~self.hopeless
        self._found: dict[Node, Counted] = {}
        self._best: Counted | None = None
        self._reach: Counts | None = None
        self.counted = self._again = 0

    def look(self, chosen: int) -> Counted:
        """Count a node, and note what follows from it for others."""
        node = tuple(self._nodes[:, chosen].tolist())
        self._open[chosen] = False
        one = self._lattice.judge(self._lattice.count(node), self._require)
        self.counted += 1
        if one.satisfies:
            self._found[node] = one
            self._best = None
        if one.hopeless:
            finer = self._lattice.finer(self._nodes, node)
            self.hopeless |= finer
            self._open &= ~finer
        elif one.penalty > 0.0:
            finer = self._lattice.finer(self._nodes, node)
            self._penalties[finer] = np.maximum(self._penalties[finer], one.penalty)
        if one.least > 0.0:
            coarser = self._lattice.coarser(self._nodes, node)
            self._floors[coarser] = np.maximum(self._floors[coarser], one.least)
        return one

    def descend(self, first: bool) -> None:
        """From the coarsest node to finer ones as long as one satisfies, to have a good bound early; or to the ``first``."""
        at = self._lattice.many - 1
        satisfies = self._open[at] and self.look(at).satisfies
        while satisfies and not first:
            node = self._nodes[:, at]
            satisfies = False
            finer = [self._place(node - (np.arange(len(node)) == place)) for place, level in enumerate(node) if level]
            for one in sorted(finer, key=lambda place: self._floors[place]):
                if self._open[one] and self.look(one).satisfies:
                    at = one
                    satisfies = True
                    break

    def _place(self, node: np.ndarray) -> int:
        return int(np.ravel_multi_index(tuple(node), self._lattice.sizes))

    def best(self) -> Counted | None:
        """The best node that satisfies so far."""
        if self._best is None:
            self._best = best_of(self._found)
        return self._best

    def replace(self, one: Counted, other: Counted | None) -> None:
        """Replace the evaluation of a node by that of the whole release."""
        self._best = None
        if other is None:
            del self._found[one.node]
        else:
            self._found[one.node] = other

    def next(self, best: Counted | None) -> int | None:
        """Of the nodes that might be better than the best one that from which most follows; None if there is none."""
        might = self._open
        if best is not None:
            might = might & (self._floors + self._penalties < below(best.loss))
        places = np.flatnonzero(might)
        if not len(places):
            return self._as_good(best)
        if self._reach is None or (self._lattice.objective.grows and self.counted >= self._again):
            # In a large lattice this takes longer than counting a node does.
            self._reach = self._reaching(might)
            self._again = self.counted + 1 + len(might) // _CHEAP
        return int(places[np.argmax(self._reach[places])])

    def _as_good(self, best: Counted | None) -> int | None:
        """A node finer than the best one that loses no more, perhaps: with the same loss it says more; None if there is none."""
        if best is None:
            return None
        might = self._open & (self._floors + self._penalties <= best.loss + TIE * max(1.0, abs(best.loss)))
        places = np.flatnonzero(might & self._lattice.finer(self._nodes, best.node))
        return int(places[-1]) if len(places) else None

    def _reaching(self, might: Bools) -> Counts:
        """How many nodes follow from each: the finer ones; or what is left of these and of coarser ones, where both may."""
        if not self._lattice.objective.grows:
            return np.asarray(np.prod(self._nodes + np.int64(1), axis=0))
        grid = might.reshape(self._lattice.sizes).astype(np.int64)
        finer = coarser = grid
        for axis in range(grid.ndim):
            finer = np.cumsum(finer, axis)
            coarser = np.flip(np.cumsum(np.flip(coarser, axis), axis), axis)
        return np.asarray((finer * coarser).reshape(-1))


def best_of(found: dict[Node, Counted]) -> Counted | None:
    """The best of some nodes; among equals the one with the lowest levels."""
    if not found:
        return None
    least = min(one.loss for one in found.values())
    return min((one for one in found.values() if below(one.loss) <= least), key=lambda one: one.node)


def below(loss: float) -> float:
    """The greatest loss that is less than this one by more than rounding."""
    return loss - TIE * max(1.0, abs(loss))
