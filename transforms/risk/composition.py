"""What two releases of the same records say together that neither says alone.

Ganta, Kasiviswanathan, Smith (2008): Composition attacks and auxiliary information in data privacy, KDD. Whoever finds a person
in both releases knows its group in each, whether it is in each at all, and that its sensitive value is one of those that both
groups have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import ordered_codes
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.persons import Persons, Rows, least_persons, paired

Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_EXPANDED = 1 << 22
"""Most pairs of groups, each with a value, that are looked at together."""
_WORD = 64
"""Values whose presence in a group is one integer."""
_WORD_COST = 0.5
_PAIR_COST = 2.0
"""What it takes to compare one integer of two groups, or to look one value up, if to count one for two groups takes 1."""


@dataclass(frozen=True)
class Side:
    """One of the two releases, over the cells that both have in common.

    Attributes:
        shared: Number of what the release says, at its own levels, of the source fields that both hold, shape (n,), int64; at
            least -1. Sensitive fields are among them.
        present: Whether the cell is released there, shape (n,).
    """

    shared: Counts
    present: Mask


@dataclass(frozen=True)
class Joint:
    """Groups that nobody who has both releases can divide further.

    Attributes:
        groups: Group of each cell, shape (n,), int64; -1 for a cell that is in neither release.
        persons: Persons of each group, by the identity that says fewest, shape (groups,), int64.
        identity: Which identity that is, an index of the persons' names, shape (groups,), int64; -1 if there is none.
        records: Records of each group, shape (groups,), int64.
    """

    groups: Counts
    persons: Counts
    identity: Counts
    records: Counts


def joint_groups(first: Side, second: Side, persons: Persons, counts: Counts | None = None) -> Joint:
    """Group cells by what both releases say of the fields that both hold, and by which of the two they are in.

    Args:
        first: One release.
        second: The other one.
        persons: The persons of these cells.
        counts: Records of each cell, shape (n,); None for one each.
    """
    return joint_groups_of_all((first, second), persons, counts)


def joint_groups_of_all(
    sides: Sequence[Side], persons: Persons, counts: Counts | None = None, crowds: Mask | None = None, crowd: int = 0
) -> Joint:
    """The same of any number of releases: by what each says of the fields that others hold as well, and by which they are in.

    Args:
        sides: The releases, one at least.
        persons: The persons of these cells.
        counts: Records of each cell, shape (n,); None for one each.
        crowds: Which cells stand for a crowd of persons, who are not numbered one by one, shape (n,).
        crowd: How many persons are a crowd at least.
    """
    rows = np.flatnonzero(np.logical_or.reduce([side.present for side in sides]))
    found = np.zeros(len(rows), np.int64)
    distinct: Bits = np.zeros(min(len(rows), 1), np.uint64)
    for side in sides:
        # What is not released says nothing but that.
        said = np.where(side.present[rows], side.shared[rows] + 1, -1)
        found, distinct = ordered_codes(_pair_numbers(found, said).view(np.uint64))
    groups = np.full(len(sides[0].shared), -1, np.int64)
    groups[rows] = found
    records = tally(found, np.ones(len(rows), np.int64) if counts is None else counts[rows], len(distinct))
    least, identity = least_persons(groups, len(distinct), persons)
    if crowds is not None:
        of_crowds = groups[crowds & (groups >= 0)]  # the others are of no group
        least[of_crowds] = np.maximum(least[of_crowds], crowd)
    return Joint(groups, least, identity, records)


def says_more(joint: Joint, sides: Sequence[Side]) -> Mask:
    """Which joint groups are less than a group of one of the releases alone: of all others nobody learns anything.

    Args:
        joint: The joint groups.
        sides: The releases that made them.

    Returns:
        Shape (groups,).
    """
    more = np.zeros(len(joint.persons), np.bool_)
    for side in sides:
        rows = np.flatnonzero(side.present)
        own = side.shared[rows] + 1
        within = joint.groups[rows]
        image = np.full(_greatest(own) + 1, -1, np.int64)
        image[own] = within
        divided = np.zeros(len(image), np.bool_)
        divided[own[image[own] != within]] = True
        more[within[divided[own]]] = True
    return more


def common_values(
    first_group: Counts, second_group: Counts, values_first: Counts, values_second: Counts, rows: Rows
) -> Counts:
    """How many values of a sensitive field are left for a cell by whoever knows its group in both releases.

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
    many = 1 + max(_greatest(values_first), _greatest(values_second))
    one = Held.of(first_group, values_first, many)
    other = Held.of(second_group, values_second, many)
    keys = first_group[rows] * other.groups + second_group[rows]
    pair, distinct = ordered_codes(keys.view(np.uint64))
    return _common(one, other, distinct.view(np.int64))[pair]


def common_values_of_all(groups: Sequence[Counts], values: Sequence[Counts], rows: Rows) -> Counts:
    """The same of any number of releases: the values that are left for whoever knows a cell's group in each that it is in.

    Args:
        groups: Of each release the rest group of each cell, shape (n,), int64; -1 where the cell is not there.
        values: Of each release the number of each cell's value, shape (n,), int64; -1 for null. All are numbered together.
        rows: The cells that are asked about, as indices, shape (r,); each is in one of the releases at least.

    Returns:
        How many values that are not null all its groups have, for each of ``rows``, shape (r,), int64.
    """
    many = 1 + max(map(_greatest, values))
    held = [Held.of(group, value, many) for group, value in zip(groups, values, strict=True)]
    keys = np.zeros(len(rows), np.int64)
    for group in groups:
        keys, _ = ordered_codes(_pair_numbers(keys, group[rows]).view(np.uint64))
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return values_in_all(held, [group[rows][first] for group in groups])[which]


def values_in_all(held: Sequence["Held"], places: Sequence[Counts]) -> Counts:
    """How many values each choice of groups has in common, a group of each release.

    Args:
        held: The values that the groups of each release have, all numbered together.
        places: Of each release the group that is chosen, shape (choices,), int64; -1 where the release is not asked. Of each
            choice one at least is.

    Returns:
        How many values all chosen groups have, shape (choices,), int64.
    """
    many = max(1, *(one.many for one in held))
    sizes = np.stack(
        [
            np.where(place < 0, np.iinfo(np.int64).max, np.append(one.sizes, 0)[place])
            for one, place in zip(held, places, strict=True)
        ]
    )
    # Each value of the smallest of the groups is looked up in the others.
    smallest = sizes.argmin(axis=0)
    found = np.zeros(len(places[0]), np.int64)
    for number, (one, place) in enumerate(zip(held, places, strict=True)):
        here = np.flatnonzero((smallest == number) & (place >= 0))
        begins = np.append(np.cumsum(one.sizes) - one.sizes, 0)
        for item, at in _expanded(one.sizes[place[here]], begins[place[here]]):
            met = here[item]
            left = np.ones(len(item), np.bool_)
            for other, there in zip(held, places, strict=True):
                _, has = _places(other.group * many + other.value, there[met] * many + one.value[at])
                left &= has | (there[met] < 0)
            found += np.bincount(met[left], minlength=len(found))
    return found


def one_to_one(first: Counts, second: Counts) -> bool:
    """Whether two columns say the same in other words: rows are equal in one where they are in the other. One value says nothing.

    Args:
        first: Number of each row's value, shape (n,), int64, from 0.
        second: The same of the other column.
    """
    if not len(first) or (first == first[0]).all():
        return False
    return _follows(first, second) and _follows(second, first)


def _follows(first: Counts, second: Counts) -> bool:
    """Whether rows that are equal in the first column are in the second."""
    image = np.zeros(_greatest(first) + 1, np.int64)
    image[first] = second
    return bool((image[first] == second).all())


@dataclass(frozen=True)
class Held:
    """The values that each group of a release has, each once, by group and then by value.

    Attributes:
        group: shape (pairs,), int64.
        value: shape (pairs,), int64.
        groups: How many groups there are.
        many: How many values there are.
    """

    group: Counts
    value: Counts
    groups: int
    many: int

    @classmethod
    def of(cls, groups: Counts, values: Counts, many: int) -> "Held":
        """The values of rows.

        Args:
            groups: Group of each row, shape (n,), int64; -1 for none.
            values: Number of each row's value, below ``many``, shape (n,), int64; -1 for null.
            many: How many values there are.
        """
        pairs = np.sort(paired(groups, values, many))
        first = np.ones(len(pairs), np.bool_)
        np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
        group, value = np.divmod(pairs[first], max(many, 1))
        return cls(group, value, 1 + _greatest(groups), many)

    @property
    def sizes(self) -> Counts:
        """How many values each group has, shape (groups,)."""
        return np.bincount(self.group, minlength=self.groups)

    @property
    def holders(self) -> Counts:
        """How many groups have each value, shape (many,)."""
        return np.bincount(self.value, minlength=self.many)

    def words(self, word: int) -> Bits:
        """Which of the values from ``word * 64`` on each group has: a bit for each, shape (groups,)."""
        bits = np.zeros(self.groups, np.uint64)
        some = np.flatnonzero(self.value // _WORD == word)
        if len(some):
            begins = np.flatnonzero(np.diff(self.group[some], prepend=-1))
            each = np.uint64(1) << (self.value[some] % _WORD).astype(np.uint64)
            bits[self.group[some][begins]] = np.bitwise_or.reduceat(each, begins)
        return bits


def _common(one: Held, other: Held, pairs: Counts) -> Counts:
    """How many values groups have in common, in the way that costs least.

    Args:
        one: The groups of one release.
        other: The groups of the other.
        pairs: Which groups are compared, ``first * other.groups + second``, shape (p,), ascending.
    """
    first, second = np.divmod(pairs, max(other.groups, 1))
    words = -(-one.many // _WORD)
    costs = {
        _by_words: words * (len(pairs) + len(one.group) + len(other.group)) * _WORD_COST,
        _by_pair: int(np.minimum(one.sizes[first], other.sizes[second]).sum()) * _PAIR_COST,
        _by_value: int((one.holders * other.holders).sum()),
    }
    return min(costs, key=lambda way: costs[way])(one, other, pairs)


def _by_words(one: Held, other: Held, pairs: Counts) -> Counts:
    """Compare 64 values of two groups at a time."""
    first, second = np.divmod(pairs, max(other.groups, 1))
    found = np.zeros(len(pairs), np.int64)
    for word in range(-(-one.many // _WORD)):
        found += _ones(one.words(word)[first] & other.words(word)[second])
    return found


def _by_pair(one: Held, other: Held, pairs: Counts) -> Counts:
    """Look up each value of the smaller group of a pair in the other one."""
    first, second = np.divmod(pairs, max(other.groups, 1))
    found = np.zeros(len(pairs), np.int64)
    fewer = one.sizes[first] <= other.sizes[second]
    for of, at, where, to, here in (
        (one, first, other, second, np.flatnonzero(fewer)),
        (other, second, one, first, np.flatnonzero(~fewer)),
    ):
        # Groups that are looked up one after another are near one another in memory.
        here = here[np.argsort(to[here], kind="stable")]
        held = where.group * where.many + where.value
        sizes = of.sizes
        begins = np.cumsum(sizes) - sizes
        for item, place in _expanded(sizes[at[here]], begins[at[here]]):
            met = here[item]
            _, there = _places(held, to[met] * of.many + of.value[place])
            found += np.bincount(met[there], minlength=len(pairs))
    return found


def _by_value(one: Held, other: Held, pairs: Counts) -> Counts:
    """Count one for each two groups that have a value, value by value."""
    found = np.zeros(len(pairs), np.int64)
    sizes = other.holders
    begins = np.cumsum(sizes) - sizes
    holder = other.group[np.argsort(other.value, kind="stable")]
    table = np.zeros(one.groups * other.groups if one.groups * other.groups <= _EXPANDED else 0, np.int64)
    for item, place in _expanded(sizes[one.value], begins[one.value]):
        keys = one.group[item] * other.groups + holder[place]
        if len(table):
            table += np.bincount(keys, minlength=len(table))
        else:
            near, there = _places(pairs, keys)
            found += np.bincount(near[there], minlength=len(pairs))
    return table[pairs] if len(table) else found


def _expanded(sizes: Counts, begins: Counts) -> Iterator[tuple[Counts, Counts]]:
    """Each item as often as it has places, with its places from ``begins`` on: some millions together, all of an item at once."""
    ends = np.cumsum(sizes)
    start = 0
    done = 0
    while start < len(sizes):
        stop = max(int(np.searchsorted(ends, done + _EXPANDED, side="right")), start + 1)
        item = np.repeat(np.arange(start, stop), sizes[start:stop])
        yield item, np.arange(done, done + len(item)) + (begins - ends + sizes)[item]
        start = stop
        done = int(ends[stop - 1])


def _places(ordered: Counts, keys: Counts) -> tuple[Counts, Mask]:
    """Where each key would be among the ordered ones, and whether it is there."""
    if not len(ordered):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    near = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return near, ordered[near] == keys


def _ones(bits: Bits) -> Counts:
    """How many bits are set in each integer: pairs, fours and eights of bits are summed side by side."""
    pairs = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    eights = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.asarray((eights * np.uint64(0x0101010101010101)) >> np.uint64(56), np.int64)


def _pair_numbers(first: Counts, second: Counts) -> Counts:
    """One integer for two numbers of at least -1, exactly: equal only if both are."""
    if (_greatest(first) + 2) * (_greatest(second) + 2) >= 1 << 60:  # Python's integers: no overflow
        first, second = (ordered_codes(of.view(np.uint64))[0] for of in (first, second))
    return (first + 1) * (_greatest(second) + 2) + second + 1


def _greatest(numbers: Counts) -> int:
    return int(numbers.max()) if len(numbers) else -1
