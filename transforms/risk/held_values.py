"""The sensitive values that each group of a release has."""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.numbering import greatest
from beam_deid.transforms.risk.persons import paired

WORD = 64
"""Number of values whose presence in a group is kept in one 64-bit integer."""


@dataclass(frozen=True)
class Held:
    """The distinct pairs of a group and a value that occurs in it, ascending by group and then by value.

    Attributes:
        group: The group of each pair, shape (pairs,), int64.
        value: The value of each pair, shape (pairs,), int64.
        groups: How many groups there are.
        many: How many values there are.
    """

    group: Counts
    value: Counts
    groups: int
    many: int

    @classmethod
    def of(cls, groups: Counts, values: Counts, many: int) -> "Held":
        """Collect the values of each group from rows.

        Args:
            groups: Group of each row, shape (n,), int64; -1 for none.
            values: Code of each row's value, below ``many``, shape (n,), int64; -1 for null.
            many: How many values there are.
        """
        pairs = np.sort(paired(groups, values, many))
        first = np.ones(len(pairs), np.bool_)
        np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
        group, value = np.divmod(pairs[first], max(many, 1))
        return cls(group, value, 1 + greatest(groups), many)

    @property
    def sizes(self) -> Counts:
        """Number of values in each group, shape (groups,), int64."""
        return np.bincount(self.group, minlength=self.groups)

    @property
    def holders(self) -> Counts:
        """Number of groups that contain each value, shape (many,), int64."""
        return np.bincount(self.value, minlength=self.many)

    def words(self, word: int) -> Words:
        """A bit set for each group: bit i tells whether it contains value ``64 * word + i``; shape (groups,), uint64."""
        bits = np.zeros(self.groups, np.uint64)
        some = np.flatnonzero(self.value // WORD == word)
        if len(some):
            begins = np.flatnonzero(np.diff(self.group[some], prepend=-1))
            each = np.uint64(1) << (self.value[some] % WORD).astype(np.uint64)
            bits[self.group[some][begins]] = np.bitwise_or.reduceat(each, begins)
        return bits
