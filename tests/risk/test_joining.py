from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.attackers import Candidates
from beam_deid.transforms.risk.joining import Join
from beam_deid.transforms.risk.linkage import Linked, Side, link
from beam_deid.transforms.risk.probes import Probes, Released
from beam_deid.transforms.risk.windows import Windows, distinct_in_windows, windows_of

from ..kit.examples import examples
from .tables import keys

ROW = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 4))


def released(rows, near, named=True):
    values = np.array([row[1 : 1 + near] for row in rows], float).reshape(len(rows), near)
    who = keys([row[3] for row in rows]) if named else None
    return Released(keys([row[0] for row in rows]), np.ones(len(rows), np.int64), who, values, values)


def probes(rows, near, within, named=True):
    values = np.array([row[1 : 1 + near] for row in rows], float).reshape(len(rows), near)
    side = keys([row[0] for row in rows])
    who = keys([row[3] for row in rows]) if named else None
    return Probes(np.arange(len(rows)), side, values - within, values + within, np.ones(len(rows), np.int64), who)


def by_hand(ours, theirs, near, within):
    meets = [
        {
            who
            for key, *values, who in ours
            if key == row[0]
            and all(abs(a - b) <= within for a, b in zip(values[:near], row[1 : 1 + near], strict=True))
        }
        for row in theirs
    ]
    linked = {row[3] for row, those in zip(theirs, meets, strict=True) if len(those) == 1}
    rightly = {row[3] for row, those in zip(theirs, meets, strict=True) if those == {row[3]}}
    fewest = {}
    for row, those in zip(theirs, meets, strict=True):
        if those:
            fewest[row[3]] = min(fewest.get(row[3], 99), len(those))
    sizes = sorted(fewest.values())
    found = (
        Candidates(len(sizes), sizes[0], float(np.median(sizes)), float(np.mean(sizes)), sizes[-1]) if sizes else None
    )
    return Linked(len({row[3] for row in theirs}), len(linked), len(rightly)), found


@pytest.mark.parametrize("near", [0, 1, 2])
@examples(1.5)
@given(st.lists(ROW, min_size=1, max_size=40), st.lists(ROW, min_size=1, max_size=20), st.sampled_from([0, 1, 3]))
def test_a_join_within_ranges_equals_one_by_hand(near, ours, theirs, within):
    join = Join(probes(theirs, near, within), truth=True)
    join.add(released(ours, near))
    found = join.result()
    linked, candidates = by_hand(ours, theirs, near, within)
    assert (found.linked, found.candidates) == (linked, candidates)


@pytest.mark.parametrize("near", [1, 2])
@examples(1.5)
@given(st.lists(st.tuples(ROW, st.integers(0, 9)), min_size=1, max_size=40), st.lists(ROW, min_size=1, max_size=20))
def test_ranges_may_lie_within_each_other(near, ours, theirs):
    table = probes(theirs, near, 1)
    one = released([row for row, _ in ours], near)
    release = replace(one, high=one.low + np.array([[wide] for _, wide in ours]))
    join = Join(table, truth=True)
    join.add(release)
    meets = [
        {
            row[3]
            for row, wide in ours
            if row[0] == known[0]
            and all(
                a - 1 <= b + wide and a + 1 >= b for a, b in zip(known[1 : 1 + near], row[1 : 1 + near], strict=True)
            )
        }
        for known in theirs
    ]
    linked = {known[3] for known, those in zip(theirs, meets, strict=True) if len(those) == 1}
    rightly = {known[3] for known, those in zip(theirs, meets, strict=True) if those == {known[3]}}
    assert join.result().linked == Linked(len({known[3] for known in theirs}), len(linked), len(rightly))


@given(st.lists(ROW, min_size=1, max_size=40), st.lists(ROW, min_size=1, max_size=20), st.integers(1, 4))
def test_partitions_never_show(ours, theirs, parts):
    whole, split = (Join(probes(theirs, 1, 2), truth=True) for _ in range(2))
    whole.add(released(ours, 1))
    every = probes(theirs, 1, 2)
    for part in range(parts):
        mine = [row for row in ours if int(keys([row[0]])[0]) % parts == part]
        split.add(released(mine, 1), every.where(every.keys % np.uint64(parts) == part))
    assert whole.result() == split.result()


@given(st.lists(ROW, max_size=40), st.lists(ROW, max_size=20))
def test_an_exact_join_is_the_one_in_memory(ours, theirs):
    attacker = Side(keys([row[0] for row in theirs]), np.ones(len(theirs), np.int64), keys([row[3] for row in theirs]))
    release = released(ours, 0)
    join = Join(Probes.exact(attacker), truth=True)
    join.add(release)
    found = join.result().linked
    expected = link(Side(release.keys, release.counts, release.subject), attacker)
    assert (found.subjects, found.linked, found.linked_rightly) == (
        expected.subjects,
        expected.linked,
        expected.linked_rightly,
    )


def test_a_row_of_several_spellings_is_linked_only_if_all_meet_the_same_one():
    # The release has 13* for s, 138* for s and t, 1380* for u.
    release = Released(
        keys(["13*", "138*", "138*", "1380*"]), np.ones(4, np.int64), keys("sstu"), *[np.empty((4, 0))] * 2
    )
    spelt = [(0, "13*"), (1, "13*"), (1, "138*"), (2, "1380*"), (2, "13*"), (3, "none")]
    table = Probes(
        np.array([row for row, _ in spelt]),
        keys([key for _, key in spelt]),
        *[np.empty((6, 0))] * 2,
        np.ones(4, np.int64),
        keys("stux"),
    )
    join = Join(table, truth=True)
    join.add(release)
    found = join.result()
    assert found.linked == Linked(4, 1, 1)
    assert found.presence is None


def test_records_without_subjects_are_persons():
    join = Join(probes([(0, 5, 0, 0), (0, 1, 0, 0)], 1, 1, named=False), truth=True)
    join.add(released([(0, 4, 0, 0), (0, 6, 0, 0), (0, 1, 0, 0)], 1, named=False))
    assert join.result().linked == Linked(2, 1, None)


def test_k_map_and_presence_follow_from_the_table_as_population():
    # Population: four of a, two of b, one of c; released: two of a, one of b, one of d.
    table = Probes.exact(Side(keys("aaaabbc"), np.ones(7, np.int64), None))
    release = Released(keys("aabd"), np.ones(4, np.int64), None, *[np.empty((4, 0))] * 2)
    join = Join(table, truth=False)
    join.add(release)
    found = join.result().presence
    assert (found.k_map, found.outside, found.delta) == (2, 0.25, (0.0, 0.5))
    assert found.journalist == pytest.approx({"highest": 0.5, "average": (2 / 4 + 1 / 2) / 3, "at_risk": 0})
    assert found.marketer == pytest.approx((2 / 4 + 1 / 2) / 3)


def test_the_risk_of_a_subject_does_not_follow_from_its_records():
    # OpenMed's example: of a population of five, two and three alike, one of each is released; the first with many records.
    table = Probes.exact(Side(keys("xxyyy"), np.ones(5, np.int64), keys("abcde")))
    release = Released(keys("xxxxy"), np.ones(5, np.int64), keys("aaaac"), *[np.empty((5, 0))] * 2)
    join = Join(table, truth=True, k=3)
    join.add(release)
    found = join.result().presence
    assert (found.k_map, found.delta) == (2, (1 / 3, 1 / 2))
    assert found.journalist == pytest.approx({"highest": 1 / 2, "average": 5 / 12, "at_risk": 1 / 2})
    assert found.marketer == pytest.approx(5 / 12)


def test_the_example_of_delta_presence():
    # Nergiz, Atzori, Clifton, as ARX tests it: of 47*/America three of six are in the subset, of 48*/Europe two of three.
    population = ["47America"] * 6 + ["48Europe"] * 3
    join = Join(Probes.exact(Side(keys(population), np.ones(9, np.int64), None)), truth=False)
    subset = ["47America"] * 3 + ["48Europe"] * 2
    join.add(Released(keys(subset), np.ones(5, np.int64), None, *[np.empty((5, 0))] * 2))
    found = join.result().presence
    assert (found.delta, found.k_map) == ((1 / 2, 2 / 3), 3)


@examples(2)
@given(
    st.lists(st.integers(0, 5), max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=20)
)
def test_distinct_values_in_windows(values, spans):
    spans = [(min(a, len(values)), min(max(a, b), len(values))) for a, b in spans]
    windows = Windows(np.array([a for a, _ in spans], np.int64), np.array([b for _, b in spans], np.int64))
    found = distinct_in_windows(np.array(values, np.int64), windows)
    assert found.tolist() == [len(set(values[a:b])) for a, b in spans]


def test_what_is_no_number_meets_nothing():
    nan = float("nan")
    values = np.array([1.0, 2.0, nan])
    found = windows_of(
        np.zeros(3, np.uint64), values, values, np.zeros(2, np.uint64), np.array([0.0, nan]), np.array([5.0, nan])
    )
    assert (found.end - found.begin).tolist() == [2, 0]


SPELT = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=8)
"""Rows of an attacker's and the keys that they are looked for by."""


@given(st.lists(ROW, min_size=1, max_size=20), SPELT, st.booleans(), st.randoms(use_true_random=False))
def test_whom_a_row_meets_does_not_depend_on_the_order_of_its_probes(ours, spelt, named, random):
    spelt = list(dict.fromkeys(spelt))
    mixed = random.sample(spelt, len(spelt))
    found = []
    for probes_of in (spelt, mixed):
        near = np.empty((len(probes_of), 0))
        rows = np.array([row for row, _ in probes_of])
        table = Probes(rows, keys([key for _, key in probes_of]), near, near, np.ones(3, np.int64), keys([0, 1, 2]))
        join = Join(table, truth=True)
        join.add(released(ours, 0, named))
        found.append(join.result())
    assert found[0] == found[1]
    by_key = {}
    for key, *_, who in ours:
        by_key.setdefault(key, []).append(who)
    sizes = []
    for row in sorted({row for row, _ in spelt}):
        meets = [by_key[key] for one, key in spelt if one == row and key in by_key]
        whom = [set(those) if named else those for those in meets]
        same = named and len({tuple(those) for those in whom}) == 1 and all(len(those) == 1 for those in whom)
        sizes.append(1 if same else sum(map(len, whom)))
    sizes = [size for size in sizes if size]
    assert (0 if found[0].candidates is None else found[0].candidates.subjects) == len(sizes)
    if sizes:
        assert (found[0].candidates.mean, found[0].candidates.most) == (np.mean(sizes), max(sizes))
