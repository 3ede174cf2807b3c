"""Groups, their values and the gain of certainty, beside sets of persons counted one by one."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.groups import RowGroups
from beam_deid.transforms.risk.inference import GroupValues, certainty, distinct_values
from beam_deid.transforms.risk.numbering import Numbered
from beam_deid.transforms.risk.persons import Persons

from ..kit.examples import examples

# group, value (-1 is null), person by two identities (-1 is nobody), records
TABLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-1, 3), st.integers(-1, 5), st.integers(-1, 4), st.integers(1, 3)),
    min_size=1,
    max_size=40,
)


def groups_of(rows):
    """The groups, numbered from 0 without a gap, and each row's value."""
    there = sorted({row[0] for row in rows})
    group, value, first, second, counts = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    persons = Persons(("subject", "mobile"), (first, second), (6, 5), {}, {}, {})
    return RowGroups(Numbered(np.searchsorted(there, group), len(there)), counts, persons), value


def who(rows, identity, group=None, value=None):
    """The persons that an identity tells apart, of a group and with a value if one is given."""
    found = {row[2 + identity] for row in rows if group in (None, row[0]) and value in (None, row[1])}
    return found - {-1}


def how_many(rows, identity, alone, group=None, value=None):
    """How many persons these are; ``alone``: with somebody else for each record that says nobody."""
    nobody = sum(
        row[4] for row in rows if row[2 + identity] < 0 and group in (None, row[0]) and value in (None, row[1])
    )
    return len(who(rows, identity, group, value)) + (nobody if alone else 0)


@examples(1.5)
@given(TABLES)
def test_groups_count_records_and_the_persons_of_the_worst_identity(rows):
    groups, _ = groups_of(rows)
    names = sorted({row[0] for row in rows})
    assert len(groups) == len(names)
    assert groups.records.tolist() == [sum(row[4] for row in rows if row[0] == name) for name in names]
    each = [[len(who(rows, identity, name)) for name in names] for identity in (0, 1)]
    assert [found.tolist() for found in groups.by_identity] == each
    least = [min(pair) for pair in zip(*each, strict=True)]
    assert groups.persons.tolist() == least
    assert groups.fewest == min(least)
    assert groups.deciding == ("subject" if min(each[0]) == min(least) else "mobile")
    chosen = np.array([number % 2 == 0 for number in range(len(names))])
    assert groups.numbers[groups.first_rows(chosen)].tolist() == np.flatnonzero(chosen).tolist()


@examples(1.5)
@given(TABLES)
def test_neither_a_null_nor_what_a_record_of_nobody_says_is_a_value(rows):
    groups, values = groups_of(rows)
    names = sorted({row[0] for row in rows})
    said = [
        {name: {row[1] for row in rows if row[0] == name and row[at] >= 0} - {-1} for name in names} for at in (2, 3)
    ]
    wanted = [min(len(values_by[name]) for values_by in said) for name in names]
    assert distinct_values(GroupValues.of(groups, values, 4)).tolist() == wanted


@examples(3)
@given(TABLES, st.sampled_from([0.0, 0.1, 0.25, 0.5]))
def test_the_gain_of_certainty_is_that_of_persons_counted_one_by_one(rows, difference):
    groups, values = groups_of(rows)
    found = certainty(GroupValues.of(groups, values, 4), difference)
    gains = defaultdict(float)
    rates = [0.0]
    for identity, alone in product((0, 1), (False, True)):
        everybody = how_many(rows, identity, alone)
        for value in range(4):
            rate = how_many(rows, identity, alone, value=value) / everybody if everybody else 0.0
            rates.append(rate)
            for name in {row[0] for row in rows}:
                people = how_many(rows, identity, alone, name)
                share = how_many(rows, identity, alone, name, value) / people if people else 0.0
                if rate < 1 and share - rate > difference + 1e-12:
                    gains[name] = max(gains[name], (share - rate) / (1 - rate))
    assert found.gain == pytest.approx([gains[name] for name in sorted({row[0] for row in rows})], abs=1e-12)
    assert found.base_rate == pytest.approx(max(rates), abs=1e-12)


def test_what_everybody_has_is_told_of_nobody():
    groups, values = groups_of([(number // 5, 0, number, number % 5, 1) for number in range(5)] * 2)
    found = certainty(GroupValues.of(groups, values, 1), 0.0)
    assert (found.gain.tolist(), found.base_rate) == ([0.0], 1.0)


def test_a_person_has_every_value_of_its_records():
    # Person 0 has both values in group 0; a record for each.
    rows = [(0, 0, 0, 0, 1), (0, 1, 0, 0, 1), (0, 1, 1, 1, 1), (1, 1, 2, 2, 1), (1, 1, 3, 3, 1)]
    groups, values = groups_of(rows)
    # Value 0: half of group 0, a quarter of all. Value 1: all of both groups, and everybody has it.
    assert certainty(GroupValues.of(groups, values, 2), 0.0).gain == pytest.approx([(1 / 2 - 1 / 4) / (3 / 4), 0.0])


def test_a_gain_counts_only_where_the_difference_is_above_the_one_that_is_given():
    groups, values = groups_of([*((0, 0, one, -1, 1) for one in range(3)), (0, 1, 3, -1, 1), (1, 0, 4, -1, 1)])
    # Value 1 in group 0: 1/4 against 1/5; value 0 in group 1: 1 against 4/5, 0.2 more.
    assert certainty(GroupValues.of(groups, values, 2), 0.25).gain.tolist() == [0.0, 0.0]
    assert certainty(GroupValues.of(groups, values, 2), 0.2).gain.tolist() == [0.0, 0.0]
    assert certainty(GroupValues.of(groups, values, 2), 0.19).gain == pytest.approx([0.0, 1.0])
