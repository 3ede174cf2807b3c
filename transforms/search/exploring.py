"""The best node that can be found where a lattice is too large to list: from the coarsest node down, as long as it may take.

Nothing is guessed: what is told is the best node of those that were counted, how many these were, and whether all others were
ruled out, in which case it is the optimum after all.
"""

import heapq
import time

import numpy as np

from beam_deid.transforms.search.lattice import Counted, Lattice, Node
from beam_deid.transforms.search.optimum import REFUSALS, Optimum, Verify, below, best_of, verify_with
from beam_deid.transforms.search.requirements import Requirements

WORK = 400_000_000
"""Rows that are counted in all, where no time is given; so that the same data have the same answer everywhere."""


def explore(
    lattice: Lattice, require: Requirements, verify: Verify | None = None, seconds: float | None = None, work: int = WORK,
    any_will_do: bool = False,
) -> Optimum:  # fmt: skip
    """Look at nodes below those that satisfy, by turns the one that promises most and the one below the best so far.

    Args:
        lattice: The lattice; its nodes are not listed.
        require: What a node must meet.
        verify: As in `beam_deid.transforms.search.optimum.optimum`.
        seconds: Longest time to look, in place of ``work``.
        work: Most rows to count.
        any_will_do: Whether the first node that satisfies is enough.
    """
    begun, check = time.monotonic(), verify_with(lattice, require, verify)
    top = tuple(size - 1 for size in lattice.sizes)
    waiting = [_Waiting(), _Waiting()]
    met, looked, hopeless = {top}, set(), np.empty((len(top), 0), np.int8)
    found: dict[Node, Counted] = {}
    counted = refused = 0
    begun_at = lattice.rows_counted
    best: Counted | None = None
    node: Node | None = top
    while node is not None and (time.monotonic() - begun < seconds if seconds else lattice.rows_counted - begun_at < work):
        one = lattice.judge(lattice.count(node), require)
        counted += 1
        looked.add(node)
        if one.satisfies and (best is None or one.loss < below(best.loss)):
            told = check(one)
            refused += told is None
            if told is not None:
                found[node] = told
                best = best_of(found)
        if (any_will_do and best is not None) or refused > REFUSALS:
            break
        if one.hopeless:
            hopeless = np.c_[hopeless, np.array(node, np.int8)]
        else:
            for finer in _finer(node):
                if finer not in met:
                    met.add(finer)
                    waiting[0].add(lattice.floor(finer), finer)
                    waiting[1].add(one.loss, finer)
        node = _next(lattice, waiting[counted % 2 :] + waiting, looked, best, hopeless)
    proved = node is None and refused <= REFUSALS
    return Optimum(best, lattice.many, counted, time.monotonic() - begun, proved, refused)


class _Waiting:
    """Nodes in an order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, Node]] = []

    def add(self, order: float, node: Node) -> None:
        heapq.heappush(self._heap, (order, node))

    def take(self) -> Node | None:
        return heapq.heappop(self._heap)[1] if self._heap else None


def _next(
    lattice: Lattice, waiting: list[_Waiting], looked: set[Node], best: Counted | None, hopeless: np.ndarray
) -> Node | None:
    """The next node that is not ruled out; every node waits in both orders, and is looked at once."""
    for order in waiting:
        while (node := order.take()) is not None:
            if node in looked or (best is not None and lattice.floor(node) >= below(best.loss)):
                continue
            if not lattice.coarser(hopeless, node).any():
                return node
    return None


def _finer(node: Node) -> list[Node]:
    return [(*node[:place], level - 1, *node[place + 1 :]) for place, level in enumerate(node) if level]
