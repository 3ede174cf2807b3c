"""How many values two groups have in common, for many pairs of groups at once."""

from collections.abc import Iterator

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.risk.held_values import WORD, Held
from beam_deid.transforms.risk.histogram import Counts

_EXPANDED = 1 << 22
"""Greatest number of pairs of groups, each with a value, that are in memory at once."""
_WORD_COST = 0.5
_PAIR_COST = 2.0
"""Cost of comparing one integer of two groups, and of looking one value up, where counting one for two groups costs 1."""


def common_of_pairs(one: Held, other: Held, pairs: Counts) -> Counts:
    """Count the values that two groups have in common, by the method with the lowest estimated cost.

    Args:
        one: The groups of one release.
        other: The groups of the other.
        pairs: The groups that are compared, ``first * other.groups + second``, shape (p,), int64, ascending.

    Returns:
        The number of common values of each pair, shape (p,), int64.
    """
    first, second = np.divmod(pairs, max(other.groups, 1))
    words = -(-one.many // WORD)
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
    for word in range(-(-one.many // WORD)):
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
        for item, place in expanded(sizes[at[here]], begins[at[here]]):
            met = here[item]
            _, there = places_of(held, to[met] * of.many + of.value[place])
            found += np.bincount(met[there], minlength=len(pairs))
    return found


def _by_value(one: Held, other: Held, pairs: Counts) -> Counts:
    """Count one for each two groups that have a value, value by value."""
    found = np.zeros(len(pairs), np.int64)
    sizes = other.holders
    begins = np.cumsum(sizes) - sizes
    holder = other.group[np.argsort(other.value, kind="stable")]
    table = np.zeros(one.groups * other.groups if one.groups * other.groups <= _EXPANDED else 0, np.int64)
    for item, place in expanded(sizes[one.value], begins[one.value]):
        keys = one.group[item] * other.groups + holder[place]
        if len(table):
            table += np.bincount(keys, minlength=len(table))
        else:
            near, there = places_of(pairs, keys)
            found += np.bincount(near[there], minlength=len(pairs))
    return table[pairs] if len(table) else found


def expanded(sizes: Counts, begins: Counts) -> Iterator[tuple[Counts, Counts]]:
    """Repeat each item once for each of its places.

    Args:
        sizes: Number of places of each item, shape (m,), int64.
        begins: First place of each item, shape (m,), int64; its other places follow.

    Yields:
        Items and their places, int64, in chunks of some millions that never divide an item.
    """
    ends = np.cumsum(sizes)
    start = 0
    done = 0
    while start < len(sizes):
        stop = max(int(np.searchsorted(ends, done + _EXPANDED, side="right")), start + 1)
        item = np.repeat(np.arange(start, stop), sizes[start:stop])
        yield item, np.arange(done, done + len(item)) + (begins - ends + sizes)[item]
        start = stop
        done = int(ends[stop - 1])


def places_of(ordered: Counts, keys: Counts) -> tuple[Counts, Bools]:
    """Look keys up in a sorted array.

    Args:
        ordered: The sorted keys, shape (m,), int64.
        keys: The keys to look up, shape (n,), int64.

    Returns:
        The index of each key in ``ordered``, shape (n,), int64, and whether it is there, shape (n,), bool.
    """
    if not len(ordered):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    near = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return near, ordered[near] == keys


def _ones(bits: Words) -> Counts:
    """Count the bits that are set in each integer by adding pairs, fours and eights of bits in parallel (SWAR)."""
    pairs = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    eights = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.asarray((eights * np.uint64(0x0101010101010101)) >> np.uint64(56), np.int64)
