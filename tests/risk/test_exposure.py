"""Whom an attacker's table exposes, beside the same counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.coverage import coverage_problem
from beam_deid.transforms.risk.exposed import Exposed
from beam_deid.transforms.risk.exposure import Exposure
from beam_deid.transforms.risk.joining import Join
from beam_deid.transforms.risk.linkage import Side
from beam_deid.transforms.risk.probes import Probes, Released

from ..kit.examples import examples
from .tables import keys

NOBODY = np.uint64(0)
OURS = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2), st.integers(0, 5), st.integers(0, 3))
"""A released row: key, value, how far it reaches, person, person by another identity; person 0 is nobody."""
THEIRS = st.tuples(st.integers(0, 3), st.integers(0, 9), st.lists(st.integers(0, 3), max_size=2), st.integers(0, 7))
"""A row of the attacker's: key, value, other keys that it may be met by, person."""


def people(numbers):
    """Persons as keys; 0 stays the number of nobody."""
    return np.array(numbers, np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def released(rows, near, named=True, identities=2):
    low = np.array([[row[1]] * near for row in rows], float).reshape(len(rows), near)
    high = low + np.array([row[2] for row in rows], float).reshape(len(rows), 1)
    others = (people([row[4] for row in rows]),) if identities == 2 else ()
    who = people([row[3] for row in rows]) if named else None
    return Released(keys([row[0] for row in rows]), np.ones(len(rows), np.int64), who, low, high, others)


def probes(rows, near, spellings, named=True):
    spelt = [
        (place, key)
        for place, row in enumerate(rows)
        for key in dict.fromkeys([row[0], *(row[2] if spellings else [])])
    ]
    values = np.array([[rows[place][1]] * near for place, _ in spelt], float).reshape(len(spelt), near)
    return Probes(
        np.array([place for place, _ in spelt], np.int64),
        keys([key for _, key in spelt]),
        values - 1,
        values + 1,
        np.ones(len(rows), np.int64),
        people([row[3] for row in rows]) if named else None,
    )


def by_hand(ours, theirs, k, near, spellings, nobody, identities, named, source):
    exposed = set()
    met = set()
    among = set()
    for place, (key, value, more, who) in enumerate(theirs):
        spelt = {key, *(more if spellings else [])}
        found = [
            place
            for place, row in enumerate(ours)
            if row[0] in spelt and (not near or (row[1] <= value + 1 and row[1] + row[2] >= value - 1))
        ]
        person = who if named else place
        if found:
            met.add(person)
        by = [{one if not named else ours[one][3] for one in found if not (named and nobody and ours[one][3] == 0)}]
        if identities == 2:
            by.append({ours[one][4] for one in found if not (nobody and ours[one][4] == 0)})
        if found and min(map(len, by)) < k:
            exposed.add(person)
            among |= by[0]
    every = {row[3] if named else place for place, row in enumerate(theirs)}
    out = {row[3] if named else place for place, row in enumerate(ours)} - ({0} if named and nobody else set())
    known = every if source is None or not named else (every & source) - ({0} if nobody else set())
    return Exposed(len(every), len(exposed), len(out), len(among), len(met), len(known), len(known & met), True)


@pytest.mark.parametrize("near", [0, 1, 2])
@pytest.mark.parametrize("spellings", [False, True])
@examples(0.6)
@given(
    st.lists(OURS, min_size=1, max_size=30),
    st.lists(THEIRS, max_size=15),
    st.integers(1, 5),
    st.booleans(),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
    st.booleans(),
)
def test_whoever_is_met_with_fewer_than_k_is_exposed(
    near, spellings, ours, theirs, k, nobody, identities, named, ranged, parts, sourced
):
    if near and not ranged:
        ours = [(*row[:2], 0, *row[3:]) for row in ours]
    source = {0, 1, 2, 3, 6} if sourced else None
    every = probes(theirs, near, spellings, named)
    join = Join(every, True, k, NOBODY if nobody else None, None if source is None else people(sorted(source)))
    for part in range(parts):
        mine = [row for row in ours if int(keys([row[0]])[0]) % parts == part]
        join.add(released(mine, near, named, identities), every.where(every.keys % np.uint64(parts) == part))
    found = join.result().exposed
    assert found == by_hand(ours, theirs, k, near, spellings, nobody, identities, named, source)
    assert found.share == max(
        found.attackers_exposed / max(found.attackers, 1), found.released_exposed / max(found.released, 1)
    )


@examples(0.6)
@given(
    st.lists(OURS, min_size=1, max_size=30),
    st.lists(THEIRS, min_size=1, max_size=15),
    st.integers(1, 5),
    st.integers(0, 20),
)
def test_beyond_what_is_kept_it_is_an_upper_bound(ours, theirs, k, kept):
    several = probes(theirs, 0, True)
    join = Join(several, True, k, NOBODY)
    join._exposure = Exposure(len(several.counts), True, k, NOBODY, kept)
    for part in range(2):
        mine = [row for row in ours if int(keys([row[0]])[0]) % 2 == part]
        join.add(released(mine, 0), several.where(several.keys % np.uint64(2) == part))
    found = join.result().exposed
    right = by_hand(ours, theirs, k, 0, True, True, 2, True, None)
    if found.exact:
        assert found == right
    else:
        assert found.attackers_exposed >= right.attackers_exposed
        assert right.released_exposed <= found.released_exposed <= found.released
        assert replace(found, attackers_exposed=0, released_exposed=0, exact=True) == replace(
            right, attackers_exposed=0, released_exposed=0
        )


def test_few_pairs_at_a_time_tell_the_same(monkeypatch):
    random = np.random.default_rng(3)
    ours = [tuple(row) for row in random.integers(0, [4, 30, 3, 40, 20], (400, 5)).tolist()]
    theirs = [
        (key, value, [more], who) for key, value, more, who in random.integers(0, [4, 30, 4, 60], (90, 4)).tolist()
    ]
    monkeypatch.setattr("beam_deid.transforms.risk.meeting._PAIRS", 7)
    for near, spellings in ((0, True), (1, True), (1, False), (2, True)):
        join = Join(probes(theirs, near, spellings), True, 6, NOBODY)
        join.add(released(ours, near))
        assert join.result().exposed == by_hand(ours, theirs, 6, near, spellings, True, 2, True, None)


def exact(known, who):
    return Probes.exact(Side(keys(known), np.ones(len(known), np.int64), keys(who)))


def plain(values, who):
    none = np.empty((len(values), 0))
    return Released(keys(values), np.ones(len(values), np.int64), keys(who), none, none)


def test_strangers_in_a_table_do_not_dilute_it():
    # A bank knows 26,000 people; of the 1,000 released, 434 are alone with what it knows, all others are ten each.
    ours = [place if place < 434 else 1_000 + place % 50 for place in range(1_000)]
    theirs = [*ours, *range(100_000, 125_000)]
    join = Join(exact(theirs, list(range(26_000))), True, 5, source=keys(list(range(1_000))))
    join.add(plain(ours, list(range(1_000))))
    found = join.result()
    assert found.linked.share < 0.02
    assert found.exposed == Exposed(26_000, 434, 1_000, 434, 1_000, 1_000, 1_000)
    assert found.exposed.share == 0.434
    assert coverage_problem(found.exposed, truth=True) is None
    # Without subjects it meets 4 % only, which proves nothing.
    assert coverage_problem(found.exposed, truth=False) is not None


def test_persons_who_were_left_out_are_released_all_the_same():
    # Two of three partitions hold rows of the same people; records whose key no probe has are left out.
    join = Join(exact(["a", "b"], [1, 2]), True, 2)
    join.add(plain(["a"], [1]), missed=8, persons=3)
    join.add(plain(["b", "b"], [1, 2]), missed=2, persons=1)
    assert join.result().exposed == Exposed(2, 1, 4, 1, 2, 2, 2)


def test_a_record_of_nobody_is_met_but_is_no_person():
    release = plain(["a", "b", "b"], [1, 1, 2])
    nobody = keys([1])[0]
    join = Join(exact(["a", "b"], [7, 8]), True, 2, nobody)
    join.add(release)
    # Whoever is met alone is singled out, even if the release does not say who it is.
    assert join.result().exposed == Exposed(2, 2, 1, 1, 2, 2, 2)


def test_the_identity_that_counts_the_fewest_counts():
    # Three accounts of one mobile.
    release = plain(["a", "a", "a"], [1, 2, 3])
    for others, many in (((), 0), ((keys([9, 9, 9]),), 1)):
        join = Join(exact(["a"], [1]), True, 3)
        join.add(replace(release, others=others))
        found = join.result().exposed
        assert (found.attackers_exposed, found.released_exposed) == (many, 3 * many)


@pytest.mark.parametrize(
    ("known", "known_met", "met", "truth", "said"),
    [
        (1_000, 500, 600, True, None),
        (1_000, 499, 9_000, True, "499 of the 1,000 persons of the attacker's table who are in the source"),
        (0, 0, 9_000, True, "none of the 10,000 persons of the attacker's table is in the source"),
        (0, 0, 1_000, False, None),
        (1_000, 1_000, 999, False, "999 of the 10,000 persons of the attacker's table meet"),
    ],
)
def test_a_table_that_meets_too_few_proves_nothing(known, known_met, met, truth, said):
    problem = coverage_problem(Exposed(10_000, 0, 5_000, 0, met, known, known_met), truth)
    if said is None:
        assert problem is None
    else:
        assert said in problem
        assert "proves nothing" in problem
        assert "spell" in problem


def test_an_empty_table_proves_nothing():
    join = Join(exact([], []), True)
    join.add(plain(["a"], [1]))
    found = join.result().exposed
    assert (found, found.share) == (Exposed(0, 0, 1, 0, 0, 0, 0), 0.0)
    assert coverage_problem(found, True) == coverage_problem(found, False)
    assert "no record" in coverage_problem(found, True)
