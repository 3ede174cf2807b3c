import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.recovery.frequency import Known, match

from ..tables import keys


def population(**weights):
    return Known.of(keys(list(weights)), np.array(list(weights.values()), float))


def told(found):
    return found.records, found.tokens, found.found_records, found.found_tokens


def test_the_commonest_token_is_taken_for_the_commonest_value():
    # w is of a (6 records), x of b (3), y of c (2), z of d (1); the population has c before b.
    tokens = keys(list("wxyz"))
    origins = keys(list("abcd"))
    counts = np.array([6, 3, 2, 1])
    assert told(match(tokens, counts, population(a=50, b=30, c=15, d=5), origins)) == (12, 4, 12, 4)
    assert told(match(tokens, counts, population(a=50, b=15, c=30, d=5), origins)) == (12, 4, 7, 2)
    # A value that the source does not have moves all behind it by one.
    assert told(match(tokens, counts, population(a=50, e=40, b=30, c=15, d=5), origins)) == (12, 4, 6, 1)


def test_rows_of_one_token_are_added_up_and_what_the_population_lacks_is_not_found():
    tokens = keys(list("wxwyx"))
    origins = keys(list("abacb"))
    found = match(tokens, np.array([1, 1, 3, 1, 1]), population(a=0.6, b=0.4), origins)
    assert told(found) == (7, 3, 6, 2)
    # The second token may have a place of the population's, but not for a value that is its own.
    lacking = match(keys(list("wx")), np.array([5, 3]), population(a=1, b=1), keys(list("az")))
    assert told(lacking) == (8, 2, 2.5, 0.5)


def test_a_surrogate_of_several_values_is_found_as_far_as_its_records_are():
    # w: four of a and one of b; x: two of c.
    tokens = keys(list("wwx"))
    origins = keys(list("abc"))
    assert told(match(tokens, np.array([4, 1, 2]), population(a=9, c=5, b=1), origins)) == (7, 2, 6, 2)


def by_permutations(counts, weights):
    """The mean over all orders of what ties, value i being that of token i."""

    def orders(those):
        return [
            order
            for order in itertools.permutations(range(len(those)))
            if all(those[a] >= those[b] for a, b in itertools.pairwise(order))
        ]

    found = []
    for tokens, values in itertools.product(orders(counts), orders(weights)):
        right = [token for token, value in zip(tokens, values, strict=False) if token == value]
        found.append((sum(counts[one] for one in right), len(right)))
    return np.mean(found, axis=0)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=5), st.integers(0, 1))
def test_ties_count_with_their_mean_over_all_orders(rows, more):
    counts = [row[0] for row in rows]
    weights = [row[1] for row in rows] + [2] * more
    names = [f"v{number}" for number in range(len(weights))]
    found = match(
        keys([f"t{number}" for number in range(len(rows))]),
        np.array(counts),
        Known.of(keys(names), np.array(weights, float)),
        keys(names[: len(rows)]),
    )
    assert (found.found_records, found.found_tokens) == pytest.approx(tuple(by_permutations(counts, weights)))


def test_without_the_truth_only_matches_far_likelier_than_their_neighbours_count():
    tokens = keys(list("wxyz"))
    # (100 − 40)·ln(0.7/0.3) = 50.8 apart; (41 − 40)·ln 2 = 0.69 is less than ln 20.
    assert told(match(tokens[:2], np.array([100, 40]), population(a=0.7, b=0.3))) == (140, 2, 140, 2)
    found = match(tokens[:3], np.array([100, 41, 40]), population(a=0.7, b=0.2, c=0.1))
    assert (found.found_records, found.found_tokens, found.rightly) == (100, 1, False)
    # 10·ln(0.3/0.29) = 0.34: the last token may as well have the value that is left.
    assert told(match(tokens[:2], np.array([90, 10]), population(a=0.41, b=0.3, c=0.29))) == (100, 2, 90, 1)
    assert told(match(tokens[:0], np.array([], int), population(a=1))) == (0, 0, 0, 0)


def test_equal_values_of_the_population_are_one_and_those_that_never_occur_none():
    known = Known.of(keys(list("abac")), np.array([1.0, 2.0, 2.0, 0.0]))
    assert len(known.values) == 2
    assert sorted(known.shares) == pytest.approx([0.4, 0.6])
