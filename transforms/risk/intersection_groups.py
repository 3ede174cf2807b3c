"""Groups of an intersection attack: what two or more releases of the same records say together and none says alone.

Ganta, Kasiviswanathan, Smith (2008): Composition attacks and auxiliary information in data privacy, KDD. An attacker who finds a
person in both releases knows its group in each, whether it is in each at all, and that its sensitive value is one of those that
occur in both groups (`intersection_values`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.numbering import greatest, pair_numbers
from beam_deid.transforms.risk.persons import Persons, least_persons


@dataclass(frozen=True)
class Side:
    """One of the releases that are combined, over the n cells that they have in common.

    Attributes:
        shared: Code of the combined values, at the release's own levels, of the source fields that other releases hold as well,
            sensitive fields included; shape (n,), int64, at least -1.
        present: Whether the release contains the cell, shape (n,), bool.
    """

    shared: Counts
    present: Bools


@dataclass(frozen=True)
class Joint:
    """The finest groups that an attacker who holds all the releases can form.

    Attributes:
        groups: Group of each cell, shape (n,), int64; -1 for a cell that no release contains.
        persons: Persons in each group, the least over all identities, shape (groups,), int64.
        identity: Index of the identity that gave that number, shape (groups,), int64; -1 if there is none.
        records: Records in each group, shape (groups,), int64.
    """

    groups: Counts
    persons: Counts
    identity: Counts
    records: Counts


def joint_groups(first: Side, second: Side, persons: Persons, counts: Counts | None = None) -> Joint:
    """Group cells by the values that two releases give to the fields both hold, and by which of the two contain the cell.

    Args:
        first: One release.
        second: The other one.
        persons: The persons of the cells.
        counts: Records of each cell, shape (n,), int64; None for one each.
    """
    return joint_groups_of_all((first, second), persons, counts)


def joint_groups_of_all(
    sides: Sequence[Side], persons: Persons, counts: Counts | None = None, crowds: Bools | None = None, crowd: int = 0
) -> Joint:
    """Group cells as `joint_groups` does, for any number of releases.

    Args:
        sides: The releases, at least one.
        persons: The persons of the cells.
        counts: Records of each cell, shape (n,), int64; None for one each.
        crowds: Cells that stand for many persons who are not numbered one by one, shape (n,), bool; None if there are none.
        crowd: The least number of persons that such a cell stands for.
    """
    rows = np.flatnonzero(np.logical_or.reduce([side.present for side in sides]))
    found = np.zeros(len(rows), np.int64)
    distinct = np.zeros(min(len(rows), 1), np.uint64)
    for side in sides:
        # A cell that a release does not contain tells only that, whatever value stands in `shared`.
        said = np.where(side.present[rows], side.shared[rows] + 1, -1)
        found, distinct = ordered_codes(pair_numbers(found, said).view(np.uint64))
    groups = np.full(len(sides[0].shared), -1, np.int64)
    groups[rows] = found
    records = tally(found, np.ones(len(rows), np.int64) if counts is None else counts[rows], len(distinct))
    least, identity = least_persons(groups, len(distinct), persons)
    if crowds is not None:
        of_crowds = groups[crowds & (groups >= 0)]  # cells outside every release have no group
        least[of_crowds] = np.maximum(least[of_crowds], crowd)
    return Joint(groups, least, identity, records)


def says_more(joint: Joint, sides: Sequence[Side]) -> Bools:
    """Find the joint groups that are a proper part of a group of one release alone; the others tell an attacker nothing new.

    Args:
        joint: The joint groups.
        sides: The releases that they were made from.

    Returns:
        Shape (groups,), bool.
    """
    more = np.zeros(len(joint.persons), np.bool_)
    for side in sides:
        rows = np.flatnonzero(side.present)
        own = side.shared[rows] + 1
        within = joint.groups[rows]
        image = np.full(greatest(own) + 1, -1, np.int64)
        image[own] = within
        divided = np.zeros(len(image), np.bool_)
        divided[own[image[own] != within]] = True
        more[within[divided[own]]] = True
    return more


def one_to_one(first: Counts, second: Counts) -> bool:
    """Tell whether two columns are a renaming of each other: rows are equal in one exactly where they are in the other.

    A column with one value only is a renaming of none.

    Args:
        first: Code of each row's value in one column, shape (n,), int64, from 0.
        second: The same of the other column.
    """
    if not len(first) or (first == first[0]).all():
        return False
    return _follows(first, second) and _follows(second, first)


def _follows(first: Counts, second: Counts) -> bool:
    """Whether rows that are equal in the first column are equal in the second as well."""
    image = np.zeros(greatest(first) + 1, np.int64)
    image[first] = second
    return bool((image[first] == second).all())
