"""The node of a lattice that loses least among all that satisfy, proved by looking at as few as possible.

No node loses less than all its records at its levels would. Where joining classes never makes one fail, a node that does not
satisfy rules out every finer one. So the nodes that are not ruled out yet and might be better than the best so far are looked
at from the coarsest down, each either ruling out those below it or bringing the bound down.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.search.lattice import Counted, Lattice

MOST = 50_000
REFUSALS = 30

_TIE = 1e-12


@dataclass(frozen=True)
class Optimum:
    """What the search found.

    Attributes:
        best: The best node; None if none satisfies.
        nodes: Nodes of the lattice.
        counted: Nodes that were counted.
        seconds: Time it took.
        proved: Whether no other node is better; else there was too much to look at.
        refused: Nodes that satisfied, and were refused for what only the whole release can tell.
    """

    best: Counted | None
    nodes: int
    counted: int
    seconds: float
    proved: bool
    refused: int = 0


def optimum(
    lattice: Lattice, accept: Callable[[Counted], bool] = lambda counted: True, most: int = MOST, refusals: int = REFUSALS
) -> Optimum:
    """Find the best node; among equals the one with the lowest levels, the first attributes first.

    Args:
        lattice: The lattice.
        accept: What only the whole release can tell of a node that satisfies; costly. It is asked in the order of loss.
        most: Most nodes that are counted; with more to look at the best so far is told as such.
        refusals: Most nodes that may be refused.
    """
    begun = time.monotonic()
    search = _Search(lattice)
    search.descend()
    refused, proved = 0, True
    while True:
        best = min(search.found, key=lambda one: (round(one.loss, 12), one.node), default=None)
        chosen = search.next(best)
        if chosen is not None and search.counted < most:
            search.look(chosen)
            continue
        proved = proved and chosen is None
        if best is None or accept(best):
            return Optimum(best, len(search.nodes), search.counted, time.monotonic() - begun, proved, refused)
        search.found.remove(best)
        refused += 1
        if refused > refusals:
            return Optimum(None, len(search.nodes), search.counted, time.monotonic() - begun, False, refused)


class _Search:
    """What is known of the nodes so far."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self.nodes, self._bounds = lattice.nodes, lattice.bounds
        self._open = np.ones(len(self.nodes), bool)
        self._below = np.prod(self.nodes.astype(np.int64) + 1, axis=1)
        self._steps = np.cumprod([1, *lattice.sizes[:0:-1]])[::-1]
        self.found: list[Counted] = []
        self.counted = 0

    def look(self, chosen: int) -> Counted:
        """Count a node, and rule out what follows from it."""
        one = self._lattice.count(tuple(self.nodes[chosen].tolist()))
        self.counted += 1
        self._open[chosen] = False
        if one.satisfies:
            self.found.append(one)
        if one.hopeless:
            self._open &= ~self._lattice.finer(self.nodes, self.nodes[chosen].tolist())
        return one

    def descend(self) -> None:
        """From the coarsest node to finer ones as long as one satisfies, to have a good bound early."""
        at = len(self.nodes) - 1
        if not self.look(at).satisfies:
            return
        while True:
            levels = self.nodes[at]
            finer = [at - int(step) for place, step in enumerate(self._steps) if levels[place]]
            for one in sorted(finer, key=lambda node: self._bounds[node]):
                if self._open[one] and self.look(one).satisfies:
                    at = one
                    break
            else:
                return

    def next(self, best: Counted | None) -> int | None:
        """Of the nodes that might be better than the best one the node that has most finer ones; None if there is none."""
        limit = float("inf") if best is None else best.loss - _TIE
        might = np.flatnonzero(self._open & (self._bounds < limit))
        return int(might[np.argmax(self._below[might])]) if len(might) else None
