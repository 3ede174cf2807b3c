"""Dominance against counting by hand, and the surplus against leaving out records one at a time."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk import dominance
from beam_deid.transforms.risk.dominance import dominating, trimmed

from ..kit.examples import examples

# group, records, cell, person
rows = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 6), st.integers(0, 3), st.integers(-1, 3)), max_size=14)
limits = st.sampled_from([0.0, 0.2, 0.3, 1 / 3, 0.5, 0.6, 0.7, 0.85, 0.9, 0.99, 1.0])


def columns(table):
    return tuple(np.array([row[at] for row in table], np.int64) for at in range(4))


def shares(table):
    """The share of each group's records by person."""
    total = Counter()
    held = Counter()
    for group, records, _, person in table:
        total[group] += records
        held[group, person] += records
    return {(g, p): n / total[g] for (g, p), n in held.items() if g >= 0 and p >= 0 and n}


@pytest.mark.parametrize("dense", [0, 1000])
@given(table=rows)
def test_the_greatest_share_and_its_person(table, dense):
    groups, counts, _, numbers = columns(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dominance, "_DENSE", dense)
        share, person = dominating(groups, 3, counts, numbers, 4)
    found = shares(table)
    for group in range(3):
        own = {p: s for (g, p), s in found.items() if g == group}
        want = min(own, key=lambda p: (-own[p], p), default=-1)
        assert (share[group], person[group]) == (own.get(want, 0.0), want)


def written(limit):
    return Fraction(1, 3) if limit == 1 / 3 else Fraction(str(limit))


def cut_by_hand(table, limit, ranked):
    """One record less for all until it fits; persons first, then each person's cells."""
    left = [row[1] for row in table]
    while True:
        budgets = {}
        for group in {row[0] for row in table} - {-1}:
            held = Counter()
            for row, n in zip(table, left, strict=True):
                if row[0] == group:
                    held[row[3]] += n
            nobody = held.pop(-1, 0)
            most = max(held.values(), default=0)
            while most and most > written(limit) * (nobody + sum(min(n, most) for n in held.values())):
                most -= 1
            budgets.update({(group, person): most for person, n in held.items() if n > most})
        if not budgets:
            return left
        for (group, person), budget in budgets.items():
            mine = [at for at, row in enumerate(table) if row[0] == group and row[3] == person]
            has = Counter()
            for at in mine:
                has[table[at][2]] += left[at]
            level = next(
                m for m in itertools.count(7 * len(table), -1) if sum(min(n, m) for n in has.values()) <= budget
            )
            keep = {cell: min(n, level) for cell, n in has.items()}
            if ranked:
                spare = budget - sum(keep.values())
                for cell in sorted(cell for cell in has if has[cell] > level)[:spare]:
                    keep[cell] += 1
            for at in mine:
                left[at] = min(left[at], keep[table[at][2]])
                keep[table[at][2]] -= left[at]


@examples(2)
@given(rows, limits, st.booleans())
def test_what_remains_is_what_cutting_by_hand_leaves(table, limit, ranked):
    groups, counts, cells, numbers = columns(table)
    found = trimmed(groups, 3, counts, cells, numbers, 4, limit, ranked=ranked)
    assert found.tolist() == cut_by_hand(table, limit, ranked)
    assert counts.tolist() == [row[1] for row in table]
    left = [(g, n, c, p) for (g, _, c, p), n in zip(table, found.tolist(), strict=True)]
    assert max(shares(left).values(), default=0.0) <= limit


@given(rows, limits, st.randoms())
def test_the_order_of_rows_matters_to_exchangeable_rows_alone(table, limit, random):
    def kept(some):
        groups, counts, cells, numbers = columns(some)
        found = Counter()
        for (g, _, c, p), n in zip(some, trimmed(groups, 3, counts, cells, numbers, 4, limit).tolist(), strict=True):
            found[g, c, p] += n
        return found

    assert kept(table) == kept(random.sample(table, len(table)))


@pytest.mark.parametrize(
    ("limit", "others", "kept"), [(0.5, 4, 4), (0.7, 3, 7), (0.85, 3, 17), (0.9, 1, 9), (0.99, 1, 99)]
)
def test_the_limit_itself_is_reached(limit, others, kept):
    groups = np.zeros(2, np.int64)
    numbers = np.array([0, 1])
    found = trimmed(groups, 1, np.array([10_000, others]), np.array([0, 1]), numbers, 2, limit)
    assert found.tolist() == [kept, others]
    assert kept / (kept + others) <= limit < (kept + 1) / (kept + 1 + others)


def test_what_does_not_fit_evenly_is_left_out_unless_cells_are_ranked():
    groups = np.zeros(5, np.int64)
    numbers = np.array([0, 0, 0, 1, 2])
    args = (groups, 1, np.array([3, 3, 3, 2, 2]), np.array([5, 4, 6, 0, 0]), numbers, 3, 0.5)
    assert trimmed(*args).tolist() == [1, 1, 1, 2, 2]
    assert trimmed(*args, ranked=True).tolist() == [1, 2, 1, 2, 2]
