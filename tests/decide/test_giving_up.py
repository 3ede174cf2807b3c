"""When the most general levels are asked: once others are refused, or nothing is found."""

import pytest

from beam_deid.transforms.decide.giving_up import search_or_give_up
from beam_deid.transforms.decide.requiring import requirements
from beam_deid.transforms.decide.searching import Accepted, Searcher

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import data_of
from ..kit.policies import policy, release, roles

FINEST = {"age": 0}
TOP = {"age": 3}
GENERAL = "nothing satisfies at the most general levels, and so at none below them"


def searcher_of(k):
    people = crowd(grid(city="ab", age=range(20, 36)), 40, 2, category=lambda who: turn("abc", who.person + who.order))
    kept = {"age": {"generalize": {"ranges": [2, 4, 8]}}}
    fields = roles(direct="buyer", quasi="city age", sensitive="category")
    return Searcher(
        data_of(policy(fields, a=release("enclave", "city age category", kept, require={"k": k})), people)["a"]
    )


def found_where(accepted, k=5):
    """What is found where some levels are accepted, and which were asked, in their order."""
    searcher = searcher_of(k)
    asked = []

    def accept(levels):
        asked.append(levels)
        return Accepted(0, lambda: 0.0) if levels in accepted else None

    return search_or_give_up(searcher, requirements(searcher.data, True), accept), asked


def test_nothing_else_is_asked_where_the_best_levels_are_accepted():
    found, asked = found_where([FINEST])
    assert found.levels == FINEST
    assert found.satisfied
    assert asked == [FINEST]


def test_the_most_general_levels_are_asked_after_the_first_that_are_refused():
    found, asked = found_where([TOP, {"age": 2}])
    assert found.levels == {"age": 2}
    assert found.refused == 2
    assert asked[:2] == [FINEST, TOP]


def test_the_search_ends_where_the_most_general_levels_are_refused_too():
    found, asked = found_where([{"age": 2}])
    assert not found.satisfied
    assert found.method == GENERAL
    assert found.levels == TOP
    assert asked == [FINEST, TOP]


@pytest.mark.parametrize(("accepted", "told"), [([], True), ([TOP], False)])
def test_they_are_asked_where_no_classes_satisfy(accepted, told):
    found, asked = found_where(accepted, k=1000)
    assert not found.satisfied
    assert (found.method == GENERAL) == told
    assert asked == [TOP]
