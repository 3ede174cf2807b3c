"""A cache of results by node, bounded in bytes."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Kept = TypeVar("Kept")


class Memory(Generic[Kept]):
    """Results by node, each with a size in bytes; the oldest are dropped first.

    Args:
        attributes: How many levels a node has.
        most: Most bytes that are kept.
    """

    def __init__(self, attributes: int, most: int) -> None:
        self._things: dict[tuple[int, ...], tuple[Kept, int]] = {}
        self._most = most
        self._bytes = 0
        self._nodes = np.empty((attributes, 0), np.int16)
        self._sizes = np.empty(0, np.int64)

    def get(self, node: tuple[int, ...]) -> Kept | None:
        """Return what is cached for a node, or None."""
        found = self._things.get(node)
        return None if found is None else found[0]

    def put(self, node: tuple[int, ...], thing: Kept, size: int) -> None:
        """Cache a result for a node."""
        self._bytes -= self._things.pop(node, (None, 0))[1]
        self._things[node] = (thing, size)
        self._bytes += size
        while self._bytes > self._most and len(self._things) > 1:
            oldest = next(iter(self._things))
            self._bytes -= self._things.pop(oldest)[1]
        self._nodes = np.empty((len(node), 0), np.int16)

    def least(self, usable: Callable[[npt.NDArray[np.int16]], npt.NDArray[np.bool_]]) -> Kept | None:
        """Return the smallest result among usable nodes, shape (attributes, m); None if there is none."""
        if self._nodes.shape[1] != len(self._things):
            self._nodes = np.array(list(self._things), np.int16).T.copy()
            self._sizes = np.array([size for _, size in self._things.values()])
        places = np.flatnonzero(usable(self._nodes))
        if not len(places):
            return None
        return self.get(tuple(self._nodes[:, places[np.argmin(self._sizes[places])]].tolist()))
