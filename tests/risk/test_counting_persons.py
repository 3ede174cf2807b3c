"""Figures of sensitive values over persons, who may have several records and values, beside counts in plain Python."""

import math
from collections import defaultdict

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.label.evidence_schema import evidence
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.measures.likeness import Likeness
from beam_deid.transforms.risk.measures.measure import Setting, Subjects, View
from beam_deid.transforms.risk.sizes import Sizes

from ..kit.examples import examples

# class, value (3 stands for null), person (-1 is nobody)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-1, 6)), min_size=1, max_size=40)
NULL = 3


def counted(rows):
    """The distribution over persons, of the classes in which there is one; and these classes' pairs by hand."""
    there = sorted({group for group, _, who in rows if who >= 0})
    rows = [(there.index(group), value, who) for group, value, who in rows if group in there]
    group, value, who = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    found = Distribution.of_persons(group, len(there), value, np.arange(4, dtype=np.uint64), who, 7, NULL)
    pairs = defaultdict(set)
    for one, what, person in rows:
        if person >= 0:
            pairs[one, what].add(person)
    return found, pairs, len(there)


def some(rows):
    return any(who >= 0 for _, _, who in rows)


@examples(2)
@given(ROWS.filter(some))
def test_every_figure_of_a_class_counts_persons(rows):
    found, pairs, many = counted(rows)
    everybody = {who for people in pairs.values() for who in people}
    holders = defaultdict(set)
    for (_, value), people in pairs.items():
        holders[value] |= people
    every_pair = sum(map(len, pairs.values()))
    overall = {
        value: sum(len(people) for (_, what), people in pairs.items() if what == value) / every_pair
        for value in holders
    }
    wanted = defaultdict(list)
    for group in range(many):
        mine = {value: people for (one, value), people in pairs.items() if one == group}
        people = set().union(*mine.values())
        both = sum(map(len, mine.values()))
        shares = {value: len(who) / both for value, who in mine.items()}
        held = {value: len(who) / len(people) for value, who in mine.items()}
        lift = {value: share / (len(holders[value]) / len(everybody)) for value, share in held.items()}
        wanted["distinct"].append(len(mine.keys() - {NULL}))
        wanted["alpha"].append(max(held.values()))
        wanted["entropy"].append(math.exp(-sum(share * math.log(share) for share in shares.values())))
        wanted["beta"].append(max((times - 1 for times in lift.values() if times > 1), default=0))
        wanted["delta"].append(max(abs(math.log(one)) for one in lift.values()))
        wanted["t"].append(sum(abs(shares.get(value, 0) - share) for value, share in overall.items()) / 2)
        ordered = sorted((len(who) for who in mine.values()), reverse=True)
        wanted["recursive"].append(ordered[0] / sum(ordered[1:]) if len(ordered) > 1 else math.inf)
    assert per_class.distinct_values(found).tolist() == wanted["distinct"]
    assert per_class.commonest_share(found) == pytest.approx(wanted["alpha"])
    assert per_class.effective_values(found) == pytest.approx(wanted["entropy"])
    assert per_class.basic_gain(found) == pytest.approx(wanted["beta"], abs=1e-12)
    assert per_class.greatest_log_ratio(found) == pytest.approx(wanted["delta"], abs=1e-12)
    assert equal_distance(found) == pytest.approx(wanted["t"], abs=1e-12)
    assert per_class.recursive_ratio(found, 2) == pytest.approx(wanted["recursive"])


@examples(2)
@given(ROWS.filter(some))
def test_nothing_is_gained_where_every_value_of_a_class_is_rarer_in_it_and_no_figure_is_negative(rows):
    found = counted(rows)[0]
    setting = Setting(1 / 5)
    one = Sizes.of(np.ones(1, np.int64))
    nobody = Subjects(1, 1, 1, None, one, one)
    told = Likeness().figures(View(nobody, setting, {"value": (found,)}, {"value": (found,)})).to_document()
    assert told["beta_basic"]["value"] == max(map(float, per_class.basic_gain(found)))
    for figure in told.values():
        jsonschema.validate(figure, evidence()["risk"]["properties"]["beta_basic"])


def test_two_persons_who_swap_their_values_between_two_classes_gain_nothing():
    """Each has both values, so that everybody has each; in a class half of the persons have it."""
    found = counted([(0, 0, 0), (0, 1, 1), (1, 1, 0), (1, 0, 1)])[0]
    assert per_class.basic_gain(found).tolist() == [0, 0]
    assert (found.lift - 1).max() == -0.5


@given(ROWS.filter(some), st.integers(2, 4))
def test_more_records_of_the_same_change_nothing(rows, times):
    once, often = (counted(each)[0] for each in (rows, rows * times))
    assert once.pair_records.tolist() == often.pair_records.tolist()
    assert once.held.tolist() == often.held.tolist()
    assert once.overall.tolist() == often.overall.tolist()
