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
        node: Its levels.
        records: Records of each class, shape (classes,).
        people: People in each class, shape (classes,).
        failing: By the name of each criterion, which classes miss it, shape (classes,).
        base: Of each field a base value of each class, any of its group, shape (fields, classes).
        source: A table whose rows are parts of the classes, where some field does not tell them apart; else None.
    """

    node: Node
    records: Counts
    people: Counts
    failing: Mapping[str, Bools]
    base: tuple[Codes, ...]
    source: Table | None


@dataclass(frozen=True)
class Counted:
    """The evaluation of a node, and the bounds that follow for other nodes.

    Attributes:
        node: Its levels.
        loss: What is lost, as the objective has it.
        suppressed: Records that are suppressed.
        classes: Classes that are left.
        smallest: People in the smallest of them; 0 if there are none.
        largest: People in the largest.
        satisfies: Whether anything is left, and no more is suppressed than allowed.
        hopeless: Whether no finer node can satisfy either.
        penalty: How far above its own bound any finer node is.
        least: What no coarser node can lose less than.
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
