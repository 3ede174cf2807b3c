"""A node of the lattice: its levels, its classes, and its evaluation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.search.attribute import Codes
from beam_deid.transforms.search.table import Table

Node = tuple[int, ...]
Nodes = npt.NDArray[np.int8] | npt.NDArray[np.int16]
"""Levels of nodes, shape (attributes, nodes)."""


@dataclass(frozen=True)
class Seen:
    """The classes of a node.

    Attributes:
        node: The level of each attribute.
        records: Records in each class, shape (classes,), int64.
        people: Persons in each class, shape (classes,), int64; the records where each is a person of its own.
        failing: By the name of each criterion, which classes miss it, shape (classes,), bool.
        base: For each field, one base value of each class, each of shape (classes,); any value of a group stands for it.
        source: Where some field does not tell classes apart, a table whose rows are parts of the classes; else None.
    """

    node: Node
    records: Counts
    people: Counts
    failing: Mapping[str, Bools]
    base: tuple[Codes, ...]
    source: Table | None

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes, without the table."""
        return sum(column.nbytes for column in (self.records, self.people, *self.failing.values(), *self.base))


@dataclass(frozen=True)
class Counted:
    """The evaluation of a node, and the bounds that follow for other nodes.

    Attributes:
        node: The level of each attribute.
        loss: Information loss, in the unit of the objective.
        suppressed: Number of suppressed records.
        classes: Number of classes that are left.
        smallest: Persons in the smallest class that is left; 0 if there is none.
        largest: Persons in the largest class that is left.
        satisfies: Whether any record is left, and no more are suppressed than allowed.
        hopeless: Whether it is certain that no finer node satisfies.
        penalty: How much more any finer node loses, at least, than that node's own lower bound.
        least: A lower bound of the loss of every coarser node.
    """

    node: Node
    loss: float
    suppressed: int
    classes: int
    smallest: int
    largest: int
    satisfies: bool
    hopeless: bool
    penalty: float = 0.0
    least: float = -math.inf
