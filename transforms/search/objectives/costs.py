"""Objectives that add up a cost of every cell: Iyengar's loss, and precision."""

from abc import abstractmethod

import numpy as np

from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.search.attribute import Attribute, Floats
from beam_deid.transforms.search.objectives.objective import Left, Objective


class CellCosts(Objective):
    """The mean over records and fields, weighted, of a cost from 0 to 1; a suppressed record costs 1 in every field."""

    @abstractmethod
    def costs(self, attribute: Attribute, level: int) -> Floats:
        """The cost of each base value at a level, shape (v,); no less at a coarser level that holds it."""

    def floors(self, attribute: Attribute, counts: Counts) -> Floats:
        """The cost of all records, none suppressed."""
        records = np.bincount(attribute.base, weights=counts, minlength=len(attribute.groups[0]))
        costs = [float(records @ self.costs(attribute, level)) for level in range(len(attribute.groups))]
        return np.asarray(attribute.weight * np.array(costs) / counts.sum())

    def value(self, left: Left) -> float:
        """The floor, and for suppressed records what they cost more than at the node's levels."""
        return left.floor + self.penalty(left)

    def penalty(self, left: Left) -> float:
        """What suppressed records cost more; at finer levels it is no less."""
        more = np.zeros(len(left.lost))
        for attribute, level, base in zip(left.attributes, left.levels, left.gone, strict=True):
            if attribute.weight:
                more += (attribute.weight * (1.0 - self.costs(attribute, level)))[base]
        return float(more @ left.lost.astype(np.float64)) / left.total


class Loss(CellCosts):
    """Iyengar's loss metric: (m − 1)/(M − 1) for a value that stands for m of the M values there are.

    Iyengar: Transforming data to satisfy privacy constraints (KDD 2002). From 0 to 1. A null stays a null, and loses nothing.
    """

    name = "loss"
    words = "mean over records and fields of (m − 1)/(M − 1), for a value that stands for m of M; a suppressed record costs 1"
    source = "Iyengar 2002"

    def costs(self, attribute: Attribute, level: int) -> Floats:
        """The cost of each value by the hierarchy, or by the data where there is none."""
        return attribute.costs[level]


class Precision(CellCosts):
    """One minus Sweeney's precision: how far up its hierarchy each value went.

    Sweeney: Achieving k-anonymity privacy protection using generalization and suppression (2002). From 0 to 1.
    """

    name = "precision"
    words = "mean height in the generalization hierarchy; a suppressed record costs 1"
    source = "Sweeney 2002"

    def costs(self, attribute: Attribute, level: int) -> Floats:
        """The cost of a level, which is the same for all values."""
        return np.full(len(attribute.groups[level]), attribute.heights[level])
