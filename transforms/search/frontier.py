"""The frontier of risk and information loss: the minimal loss for each k."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.node import Counted
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Requirements

KS = tuple(range(2, 51))
"""The k that are told."""


def frontier(
    lattice: Lattice, require: Requirements, ks: Iterable[int] = KS
) -> Iterator[tuple[int, Counted | None, bool]]:
    """The best node for each k, with everything else required as it is, and whether that is proved; None where nothing satisfies.

    Args:
        lattice: The lattice, small enough to be listed.
        require: What a node must meet beside k.
        ks: The k, ascending: what cannot reach one cannot reach a greater one.
    """
    hopeless = None
    out_of_reach = False
    for k in sorted(ks):
        if out_of_reach:
            yield k, None, True
            continue
        found = optimum(lattice, replace(require, k=k), hopeless=hopeless)
        hopeless = found.hopeless
        out_of_reach = found.best is None and found.proved
        yield k, found.best, found.proved
