"""Two releases together, against sets made row by row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk import group_pairs, intersection_values
from beam_deid.transforms.risk.intersection_groups import Side, joint_groups, joint_groups_of_all, one_to_one
from beam_deid.transforms.risk.intersection_values import common_values, common_values_of_all
from beam_deid.transforms.risk.persons import Persons

from ..kit.examples import examples

# what A says, what B says, in A, in B, subject, mobile, records
cells = st.lists(
    st.tuples(
        st.integers(-1, 2),
        st.integers(-1, 2),
        st.booleans(),
        st.booleans(),
        st.integers(-1, 4),
        st.integers(-1, 2),
        st.integers(1, 3),
    ),
    max_size=16,
)
large = st.sampled_from([1, 10**9, 2**61])


def column(table, at, kind=np.int64):
    return np.array([row[at] for row in table], kind)


@examples(1.5)
@given(cells, large, st.booleans())
def test_joint_groups_are_what_both_say_and_which_of_them_a_cell_is_in(table, factor, counted):
    persons = Persons(("subject", "mobile"), (column(table, 4), column(table, 5)), (5, 3), {}, {}, {})
    said = [np.where(column(table, at) > 0, column(table, at) * factor, column(table, at)) for at in (0, 1)]
    sides = [Side(numbers, column(table, at, np.bool_)) for numbers, at in zip(said, (2, 3), strict=True)]
    found = joint_groups(*sides, persons, column(table, 6) if counted else None)
    want = {}
    for at, row in enumerate(table):
        if row[2] or row[3]:
            want.setdefault((row[0] if row[2] else None, row[1] if row[3] else None), []).append(at)
    assert (found.groups == -1).tolist() == [not (row[2] or row[3]) for row in table]
    assert len(found.persons) == len(found.identity) == len(found.records) == len(want)
    for rows in want.values():
        (group,) = set(found.groups[rows].tolist())
        assert np.flatnonzero(found.groups == group).tolist() == rows
        sizes = [len({table[at][of] for at in rows} - {-1}) for of in (4, 5)]
        assert (found.persons[group], found.identity[group]) == (min(sizes), sizes.index(min(sizes)))
        assert found.records[group] == sum(table[at][6] if counted else 1 for at in rows)


# group in A, group in B, value in A, value in B
valued = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(-1, 3), st.integers(-1, 6), st.integers(-1, 6)), min_size=1, max_size=24
)


@pytest.mark.parametrize("way", ["_by_words", "_by_pair", "_by_value", "common_of_pairs"])
@pytest.mark.parametrize("apart", [1, 30], ids=["one word", "words"])
@examples(0.6)
@given(table=valued, most=st.integers(1, 30))
def test_values_in_common_are_those_that_both_groups_have(table, most, way, apart):
    values = [np.where(column(table, at) > 0, column(table, at) * apart, column(table, at)) for at in (2, 3)]
    rows = [at for at, row in enumerate(table) if row[0] >= 0 and row[1] >= 0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intersection_values, "common_of_pairs", getattr(group_pairs, way))
        patch.setattr(group_pairs, "_EXPANDED", most)
        found = common_values(column(table, 0), column(table, 1), *values, np.array(rows, np.int64))
    want = []
    for at in rows:
        mine = {row[2] for row in table if row[0] == table[at][0]} - {-1}
        other = {row[3] for row in table if row[1] == table[at][1]} - {-1}
        want.append(len(mine & other))
    assert found.tolist() == want


# in each of three releases the group and the value
thrice = st.lists(st.tuples(*[st.tuples(st.integers(-1, 2), st.integers(-1, 4))] * 3), min_size=1, max_size=16)


@examples(0.6)
@given(thrice, st.integers(1, 30))
def test_values_in_common_are_those_that_all_groups_of_a_record_have(table, most):
    groups = [np.array([row[which][0] for row in table], np.int64) for which in range(3)]
    values = [np.array([row[which][1] for row in table], np.int64) for which in range(3)]
    rows = [at for at, row in enumerate(table) if max(row)[0] >= 0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_pairs, "_EXPANDED", most)
        found = common_values_of_all(groups, values, np.array(rows, np.int64))
    want = []
    for at in rows:
        there = [which for which in range(3) if table[at][which][0] >= 0]
        sets = [{row[which][1] for row in table if row[which][0] == table[at][which][0]} - {-1} for which in there]
        want.append(len(set.intersection(*sets)))
    assert found.tolist() == want


@examples(0.6)
@given(st.lists(st.tuples(st.tuples(*[st.integers(-1, 1)] * 3), st.tuples(*[st.booleans()] * 3)), max_size=12))
def test_joint_groups_of_three_are_what_all_say_and_which_of_them_a_cell_is_in(table):
    persons = Persons(("subject",), (np.arange(len(table)),), (len(table),), {}, {}, {})
    said = [np.array([row[0][at] for row in table], np.int64) for at in range(3)]
    sides = [Side(each, np.array([row[1][at] for row in table], np.bool_)) for at, each in enumerate(said)]
    found = joint_groups_of_all(sides, persons)
    there = [tuple(what if here else None for what, here in zip(*row, strict=True)) for row in table if any(row[1])]
    assert (found.groups == -1).tolist() == [not any(row[1]) for row in table]
    assert found.persons[found.groups[found.groups >= 0]].tolist() == [there.count(row) for row in there]


def test_a_crowd_is_in_its_own_group_and_where_it_is_in_none_in_no_other():
    persons = Persons(("subject",), (np.array([0, 1, -1, -1]),), (2,), {}, {}, {})
    crowds = np.array([False, False, True, True])
    said = np.array([0, 1, 0, 0])
    apart = joint_groups_of_all([Side(said, np.array([True, True, False, False]))], persons, None, crowds, 5)
    assert (apart.groups.tolist(), apart.persons.tolist()) == ([0, 1, -1, -1], [1, 1])
    within = joint_groups_of_all([Side(said, np.array([True, True, True, False]))], persons, None, crowds, 5)
    assert (within.groups.tolist(), within.persons.tolist()) == ([0, 1, 0, -1], [5, 1])


def test_nothing_is_in_common_where_there_is_nothing():
    empty = np.empty(0, np.int64)
    assert common_values(empty, empty, empty, empty, empty).tolist() == []
    nobody = Persons(("subject",), (empty,), (0,), {}, {}, {})
    found = joint_groups(Side(empty, empty.astype(np.bool_)), Side(empty, empty.astype(np.bool_)), nobody)
    assert (len(found.groups), len(found.persons)) == (0, 0)


def test_without_identities_no_group_has_persons():
    both = Side(np.zeros(3, np.int64), np.ones(3, np.bool_))
    found = joint_groups(both, both, Persons((), (), (), {}, {}, {}))
    assert (found.persons.tolist(), found.identity.tolist(), found.records.tolist()) == ([0], [-1], [3])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_columns_are_one_to_one_where_they_have_as_many_values_as_pairs_and_more_than_one(rows):
    first, second = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    values = [len({row[at] for row in rows}) for at in (0, 1)]
    assert one_to_one(first, second) == (values[0] == values[1] == len(set(rows)) > 1)
