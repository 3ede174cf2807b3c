"""The contract of an objective: the information loss of a node of the lattice."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.search.attribute import Attribute, Codes, Floats


@dataclass(frozen=True)
class Left:
    """The data that is left at a node.

    Attributes:
        attributes: The fields.
        levels: The level of each.
        total: Records of all rows.
        classes: Records of each class that is kept, shape (classes,).
        gone: Base value of each field in rows that are suppressed, shape (fields, rows).
        lost: Records of those rows, shape (rows,).
        floor: The sum over the fields of `Objective.floors` at their levels.
    """

    attributes: Sequence[Attribute]
    levels: Sequence[int]
    total: int
    classes: Counts
    gone: Sequence[Codes]
    lost: Counts
    floor: float

    @property
    def suppressed(self) -> int:
        """Records that are suppressed."""
        return self.total - int(self.classes.sum())


class Objective(ABC):
    """A metric of information loss, in a unit of its own, that the search minimizes. Stateless.

    Attributes:
        name: What a policy calls it under ``search: {objective: …}``.
        words: What is minimized, for documentation, in a few words.
        source: Who proposed it.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    source: ClassVar[str]
    averaged: ClassVar[bool] = True
    """Whether it is a mean over the fields, so that their weights add up to 1, or a sum, so that they are 1 on average."""
    grows: ClassVar[bool] = False
    """Whether, with nothing suppressed, it never falls when classes are joined, and suppressing never lowers it."""

    def floors(self, attribute: Attribute, counts: Counts) -> Floats:
        """What no node with this field at each level can go below, as the field's part of a sum, shape (levels,).

        Args:
            attribute: The field, with its weight as `averaged` has it.
            counts: Records of each row, shape (n,).
        """
        return np.zeros(len(attribute.groups))

    @abstractmethod
    def value(self, left: Left) -> float:
        """The information loss."""

    def penalty(self, left: Left) -> float:
        """How far above its own floor any finer node is that suppresses these rows, too."""
        return 0.0
