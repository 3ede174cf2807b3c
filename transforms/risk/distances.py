"""Distances between the distribution of a sensitive field in a class and in all: equal, ordered and hierarchical.

Li, Li, Venkatasubramanian: t-Closeness: privacy beyond k-anonymity and l-diversity (2007): the earth mover's distance, where
moving a share from one value to another costs 1; the values between them as a share of all; or the height at which they
meet in a hierarchy as a share of its own. Work follows the pairs of class and value that occur, not classes times values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.distribution import Distribution, Shares
from beam_deid.transforms.risk.histogram import Counts


@dataclass(frozen=True)
class Scale:
    """The distances between values.

    Attributes:
        keys: Key of each value, ascending, shape (v,).
        ranks: Place of each value in their order, from 0 on, shape (v,); None where values have none.
        levels: Key of each value's group at every level of a hierarchy, from the values themselves to one group of all,
            each of shape (v,); empty where values have none.
    """

    keys: Fingerprints
    ranks: Counts | None = None
    levels: tuple[Fingerprints, ...] = ()

    def distance(self, found: Distribution) -> Shares:
        """The distance of each class from all, shape (classes,), from 0 to 1."""
        place = np.searchsorted(self.keys, found.value_keys)
        if self.ranks is not None:
            return ordered_distance(found, self.ranks[place])
        return hierarchical_distance(found, [level[place] for level in self.levels])


def equal_distance(found: Distribution) -> Shares:
    """Half the sum of absolute differences (total variation) of each class, shape (classes,)."""
    # Values absent from a class differ by their whole share: 1 − Σ of the shares of those present.
    return np.asarray((found.summed(np.abs(found.share - found.there) - found.there) + 1.0) / 2)


def ordered_distance(found: Distribution, ranks: Counts) -> Shares:
    """Σ over places i of |Σ of differences up to i| / (m − 1), for m values in order, shape (classes,).

    Args:
        found: The distribution.
        ranks: Place of each of its values, shape (values,); equal places are not allowed.
    """
    order = np.argsort(ranks)
    many = len(order)
    if many < 2:
        return np.zeros(found.classes)
    place = np.empty(many, np.int64)
    place[order] = np.arange(many)
    below = np.cumsum(found.overall[order])  # Q(i): share of all at place i or before
    area = np.r_[0.0, np.cumsum(below)]  # Σ of Q(j) for j < i
    sort = np.lexsort((place[found.pair_value], found.pair_class))
    at = place[found.pair_value][sort]
    of = found.pair_class[sort]
    share = found.share[sort]
    running = np.cumsum(share)
    mine = running - np.r_[0.0, running][found.begins][of]  # P(i): share of the class at this place or before
    last = np.r_[of[1:] != of[:-1], True]
    until = np.where(last, many, np.r_[at[1:], many])
    mine[last] = 1.0
    # P stays the same from one value of the class to its next, while Q rises: it may cross once.
    cross = np.clip(np.searchsorted(below, mine, side="right"), at, until)
    between = mine * (cross - at) - (area[cross] - area[at]) + (area[until] - area[cross]) - mine * (until - cross)
    total = found.summed(between) + area[at[found.begins]]  # before its first value the class has nothing
    return np.asarray(np.maximum(total, 0.0) / (many - 1))


def hierarchical_distance(found: Distribution, levels: Sequence[Fingerprints]) -> Shares:
    """Σ over groups of their height × the lesser of what their parts have too much and too little, shape (classes,).

    Args:
        found: The distribution.
        levels: Key of each value's group, from the values themselves to one group of all, each of shape (values,).
    """
    top = len(levels) - 1
    total = np.zeros(found.classes)
    part, parts = codes(levels[0])
    of_all = np.bincount(part, weights=found.overall, minlength=len(parts))
    for height in range(1, top + 1):
        group, groups = codes(levels[height])
        above = np.zeros(len(parts), np.int64)
        above[part] = group
        in_group = np.bincount(above, weights=of_all, minlength=len(groups))
        pairs, where = np.unique(found.pair_class * len(parts) + part[found.pair_value], return_inverse=True)
        share = np.bincount(where, weights=found.share)
        of = pairs // len(parts)
        which = pairs % len(parts)
        extra = share - of_all[which]
        nodes, node = np.unique(of * len(groups) + above[which], return_inverse=True)
        too_much = np.bincount(node, weights=np.maximum(extra, 0.0))
        too_little = np.bincount(node, weights=np.maximum(-extra, 0.0))
        absent = in_group[nodes % len(groups)] - np.bincount(node, weights=of_all[which])
        cost = height / top * np.minimum(too_much, too_little + np.maximum(absent, 0.0))
        total += np.bincount(nodes // len(groups), weights=cost, minlength=found.classes)
        part = group
        parts = groups
        of_all = in_group
    return total
