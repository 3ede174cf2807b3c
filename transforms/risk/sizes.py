"""How many classes there are of each size: all that measures of size need, however many classes there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.risk.histogram import Counts


@dataclass(frozen=True)
class Sizes:
    """Classes by the number of subjects in them.

    Attributes:
        subjects: The sizes that occur, shape (s,), int64, ascending. A class of nobody known has size 0.
        classes: How many classes have each size, shape (s,), int64.
    """

    subjects: Counts
    classes: Counts

    @classmethod
    def of(cls, subjects: Counts) -> "Sizes":
        """Count classes by size.

        Args:
            subjects: Subjects of each class, shape (classes,).
        """
        return cls(*np.unique(subjects, return_counts=True))

    @classmethod
    def weighted(cls, subjects: Counts, weights: Counts) -> "Sizes":
        """Count classes by size where each stands for several of its size; both of shape (n,)."""
        distinct, place = np.unique(subjects, return_inverse=True)
        classes = np.zeros(len(distinct), np.int64)
        np.add.at(classes, place, weights)
        return cls(distinct, classes)

    @classmethod
    def none(cls) -> "Sizes":
        """No class at all."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def merge(cls, parts: Sequence["Sizes"]) -> "Sizes":
        """The sizes of the classes of all parts, of which no two have a class in common. Merging is associative."""
        sizes = np.concatenate([part.subjects for part in parts])
        return cls.weighted(sizes, np.concatenate([part.classes for part in parts]))

    def __len__(self) -> int:
        """The number of classes."""
        return int(self.classes.sum())

    @property
    def least(self) -> int:
        """The size of the smallest class."""
        return int(self.subjects[0])

    @property
    def largest(self) -> int:
        """The size of the largest class."""
        return int(self.subjects[-1])

    @property
    def of_somebody(self) -> "Sizes":
        """The same classes, those of nobody known as classes of one: somebody is in them, and alone."""
        return Sizes(np.maximum(self.subjects, 1), self.classes)

    @property
    def each(self) -> Counts:
        """The size of each class, shape (classes,), ascending."""
        return np.repeat(self.subjects, self.classes)
