"""A search of lattices that are too large to be listed: from the coarsest node down, within a budget.

The result is the best node among those that were counted, with their number, and with whether all others were ruled out, in
which case it is proved to be the optimum.
"""

import heapq
import time

import numpy as np

from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.node import Counted, Node, Nodes
from beam_deid.transforms.search.optimum import Optimum, Verify, below, best_of, refusals, verify_with
from beam_deid.transforms.search.requirements import Requirements

WORK = 400_000_000
"""Rows that are counted in all, where no time is given; so that the same data have the same answer everywhere."""

MET = 500_000
"""Nodes that may wait to be counted."""


def explore(
    lattice: Lattice,
    require: Requirements,
    verify: Verify | None = None,
    seconds: float | None = None,
    work: int = WORK,
    any_will_do: bool = False,
) -> Optimum:
    """Search from the coarsest node down, by turns the node with the lowest bound and the one below the best so far.

    Args:
        lattice: The lattice; its nodes are not listed.
        require: What a node must meet.
        verify: As in `beam_deid.transforms.search.optimum.optimum`.
        seconds: Longest time to look, in place of ``work``.
        work: Most rows to count.
        any_will_do: Whether the first node that satisfies is enough.
    """
    begun = time.monotonic()
    budget = _Budget(lattice, seconds, work)
    check = verify_with(lattice, require, verify)
    waiting = _Waiting(lattice)
    found = dict[Node, Counted]()
    bearable = refusals(lattice)
    # A level below one that is ruled out may not nest in it, as weeks do not in months.
    nested = all(attribute.nested for attribute in lattice.attributes)
    counted = refused = 0
    best: Counted | None = None
    while True:
        node = waiting.next(counted % 2, best)
        late = budget.is_spent()
        if node is None or late or refused > bearable or (any_will_do and best is not None):
            break
        one = lattice.judge(lattice.count(node), require)
        counted += 1
        if one.satisfies and (best is None or one.loss < below(best.loss)):
            told = check(one)
            refused += told is None
            if told is not None:
                found[node] = told
                best = best_of(found)
        if one.hopeless:
            waiting.rule_out(node)
        if not (one.hopeless and nested):
            waiting.below(node, one.loss)
    proved = node is None and refused <= bearable and not waiting.full
    return Optimum(best, lattice.many, counted, time.monotonic() - begun, proved, refused)


class _Budget:
    """The budget of a search: a time, or a number of rows that are counted."""

    def __init__(self, lattice: Lattice, seconds: float | None, work: int) -> None:
        self._lattice = lattice
        self._seconds = seconds
        self._work = work
        self._begun = time.monotonic()
        self._begun_at = lattice.rows_counted

    def is_spent(self) -> bool:
        """Whether the search must end."""
        if self._seconds:
            return time.monotonic() - self._begun >= self._seconds
        return self._lattice.rows_counted - self._begun_at >= self._work


class _Waiting:
    """The queue of nodes, in two orders: by the lower bound of their loss, and by the loss of the node above them."""

    def __init__(self, lattice: Lattice) -> None:
        top = tuple(size - 1 for size in lattice.sizes)
        self._lattice = lattice
        self._orders: list[list[tuple[float, Node]]] = [[(0.0, top)], []]
        self._met = {top}
        self._taken = set[Node]()
        self._hopeless: Nodes = np.empty((len(top), 0), np.int16)
        self.full = False

    def below(self, node: Node, loss: float) -> None:
        """Queue the nodes just below one."""
        for place, level in enumerate(node):
            if level:
                finer = (*node[:place], level - 1, *node[place + 1 :])
                if finer not in self._met and not self.full:
                    self._met.add(finer)
                    heapq.heappush(self._orders[0], (self._lattice.floor(finer), finer))
                    heapq.heappush(self._orders[1], (loss, finer))
                    self.full = len(self._met) >= MET

    def rule_out(self, node: Node) -> None:
        """Note that neither this node nor any finer one can satisfy."""
        self._hopeless = np.c_[self._hopeless, np.array(node, np.int16)]

    def next(self, turn: int, best: Counted | None) -> Node | None:
        """Take the next node that might be better than the best. A node that cannot is replaced by those below it."""
        for order in (self._orders[turn], self._orders[1 - turn]):
            while order:
                loss, node = heapq.heappop(order)
                if node in self._taken or self._lattice.coarser(self._hopeless, node).any():
                    continue
                self._taken.add(node)
                if best is None or self._lattice.floor(node) < below(best.loss):
                    return node
                self.below(node, loss)
        return None
