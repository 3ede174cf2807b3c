"""Values of an intersection attack: how many sensitive values remain possible for a record whose group in each release is known.

See `intersection_groups` for the attack.
"""

from collections.abc import Sequence

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.risk.group_pairs import common_of_pairs, expanded, places_of
from beam_deid.transforms.risk.held_values import Held
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.numbering import greatest, pair_numbers
from beam_deid.transforms.risk.persons import Rows


def common_values(
    first_group: Counts, second_group: Counts, values_first: Counts, values_second: Counts, rows: Rows
) -> Counts:
    """Count the values of a sensitive field that remain possible for a cell whose group in both releases is known.

    Args:
        first_group: Rest group of each cell in the first release, shape (n,), int64; -1 where the cell is not there.
        second_group: The same of the second release.
        values_first: Number of each cell's value in the first release, shape (n,), int64; -1 for null. Both releases are
            numbered together, so that values that differ only in spelling have one number.
        values_second: The same of the second release.
        rows: The cells that are asked about, as indices, shape (r,); each is in both releases.

    Returns:
        How many values that are not null both its groups have, for each of ``rows``, shape (r,), int64.
    """
    many = 1 + max(greatest(values_first), greatest(values_second))
    one = Held.of(first_group, values_first, many)
    other = Held.of(second_group, values_second, many)
    keys = first_group[rows] * other.groups + second_group[rows]
    pair, distinct = ordered_codes(keys.view(np.uint64))
    return common_of_pairs(one, other, distinct.view(np.int64))[pair]


def common_values_of_all(groups: Sequence[Counts], values: Sequence[Counts], rows: Rows) -> Counts:
    """Count as `common_values` does, for any number of releases: over the groups of the releases that contain the cell.

    Args:
        groups: Of each release the rest group of each cell, shape (n,), int64; -1 where the cell is not there.
        values: Of each release the number of each cell's value, shape (n,), int64; -1 for null. All are numbered together.
        rows: The cells that are asked about, as indices, shape (r,); each is in one of the releases at least.

    Returns:
        How many values that are not null all its groups have, for each of ``rows``, shape (r,), int64.
    """
    many = 1 + max(map(greatest, values))
    held = [Held.of(group, value, many) for group, value in zip(groups, values, strict=True)]
    keys = np.zeros(len(rows), np.int64)
    for group in groups:
        keys, _ = ordered_codes(pair_numbers(keys, group[rows]).view(np.uint64))
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return values_in_all(held, [group[rows][first] for group in groups])[which]


def values_in_all(held: Sequence["Held"], places: Sequence[Counts]) -> Counts:
    """Count the values that occur in every group of a choice of groups, one group of each release.

    Args:
        held: The values that the groups of each release have, all numbered together.
        places: Of each release the group that is chosen, shape (choices,), int64; -1 where the release is not asked. Of each
            choice one at least is.

    Returns:
        How many values all chosen groups have, shape (choices,), int64.
    """
    smallest = _smallest_groups(held, places)
    found = np.zeros(len(places[0]), np.int64)
    for number, (one, place) in enumerate(zip(held, places, strict=True)):
        here = np.flatnonzero((smallest == number) & (place >= 0))
        begins = np.append(np.cumsum(one.sizes) - one.sizes, 0)
        for item, at in expanded(one.sizes[place[here]], begins[place[here]]):
            choice = here[item]
            in_all = _in_all_groups(held, [there[choice] for there in places], one.value[at])
            found += np.bincount(choice[in_all], minlength=len(found))
    return found


def _smallest_groups(held: Sequence[Held], places: Sequence[Counts]) -> Counts:
    """The release whose group has the fewest values, for each choice (choices,): only these are looked up in the others."""
    most = np.iinfo(np.int64).max  # of a release that is not asked
    sizes = [np.where(place < 0, most, np.append(one.sizes, 0)[place]) for one, place in zip(held, places, strict=True)]
    smallest: Counts = np.stack(sizes).argmin(axis=0)
    return smallest


def _in_all_groups(held: Sequence[Held], places: Sequence[Counts], values: Counts) -> Bools:
    """Whether each value (m,) occurs in the group of each release that is asked, each of shape (m,); -1 where it is not."""
    many = max(1, *(one.many for one in held))
    left = np.ones(len(values), np.bool_)
    for one, place in zip(held, places, strict=True):
        _, has = places_of(one.group * many + one.value, place * many + values)
        left &= has | (place < 0)
    return left
