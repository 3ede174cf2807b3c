import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.recovery.pseudonyms import (
    Recovered,
    by_frequency,
    by_intervals,
    singled_out,
    without_collision,
)

from ..tables import keys


def test_whoever_occurs_as_often_as_nobody_else_is_recovered():
    # a five times, b and c twice, d once.
    assert by_frequency(keys(list("abcd")), np.array([5, 2, 2, 1])) == Recovered(4, 2)
    assert by_frequency(keys(list("aab")), np.array([1, 1, 2])) == Recovered(2, 0)


def test_a_surrogate_of_two_originals_is_no_pseudonym():
    assert without_collision(keys(list("abcca")), keys(list("xxyyx"))) == Recovered(2, 1)


def days(*values):
    return np.array(values, np.int64)


def test_intervals_survive_a_constant_offset():
    subject = keys(list("aaabbbccd"))
    moments = days(1, 3, 9, 101, 103, 109, 5, 6, 7)
    # a and b have intervals 2, 6; c has 1; d has one date only.
    assert by_intervals(subject, moments) == Recovered(3, 1)
    assert by_intervals(subject, moments + 17) == Recovered(3, 1)
    assert by_intervals(subject[::-1].copy(), moments[::-1].copy()) == Recovered(3, 1)


def test_a_date_twice_is_no_interval():
    assert by_intervals(keys(list("aab")), days(1, 1, 2)) == Recovered(0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 5)), max_size=40))
def test_intervals_are_those_by_hand(rows):
    subject = keys([row[0] for row in rows])
    moments = days(*[row[1] for row in rows])
    patterns = {}
    for who in "abcde":
        dates = sorted({day for one, day in rows if one == who})
        if len(dates) > 1:
            patterns[who] = tuple(np.diff(dates))
    alone = sum(list(patterns.values()).count(pattern) == 1 for pattern in patterns.values())
    assert by_intervals(subject, moments) == Recovered(len(patterns), alone)


def test_what_a_mask_leaves_may_single_out():
    values = keys(["138****1", "138****1", "139****2", "139****2"])
    who = keys(list("stuu"))
    ones = np.ones(4, np.int64)
    assert singled_out(values, ones, who) == (Recovered(3, 1), 1)
    assert singled_out(values, ones, None) == (Recovered(4, 0), 2)
