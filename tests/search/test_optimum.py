import numpy as np
import pytest
from hypothesis import given

from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Requirements

from ..kit.examples import examples
from ..risk.tables import keys
from .by_hand import attribute, every_node, lattice_of, problems, requirements_of


@examples(5)
@given(problems())
def test_the_optimum_is_that_of_looking_at_every_node(problem):
    """For every requirement and objective, over nested and other hierarchies, by record and by person."""
    found = optimum(lattice_of(problem), requirements_of(problem))
    good = every_node(problem)
    assert found.proved
    assert (found.best is None) == (not good)
    if found.best is not None:
        least = min(loss for loss, _ in good.values())
        assert found.best.loss == pytest.approx(least, abs=1e-9)
        assert good[found.best.node] == (pytest.approx(least, abs=1e-9), found.best.suppressed)


@given(problems())
def test_persons_that_are_added_up_are_never_too_many(problem):
    problem = {
        **problem,
        "by_person": True,
        "criteria": [],
        "average_risk": None,
        "mean_risk": None,
        "objective": "loss",
    }
    lattice = lattice_of(problem, exact=0)
    assert not lattice.exact
    best = optimum(lattice, requirements_of(problem)).best
    if best is not None:
        loss, suppressed = every_node(problem)[best.node]
        assert suppressed <= best.suppressed
        assert loss <= best.loss + 1e-12


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_known_losses(objective):
    # Values 0 0 1 1 2 2 over three values; the groups {0, 1} and {2}; with k = 3 the two of the second are suppressed.
    levels = [np.arange(3), np.array([0, 0, 1])]
    lattice = Lattice(
        [attribute("a", [0, 0, 1, 1, 2, 2], levels)], np.ones(6, np.int64), objective=OBJECTIVES[objective]
    )
    found = optimum(lattice, Requirements(3, 0.4)).best
    expected = {
        "loss": (4 * 0.5 + 2) / 6,
        "precision": 1.0,
        "monotonic_non_uniform_entropy": 4.0,
        "non_uniform_entropy": 4.0,
        "discernibility": 16 + 2 * 6,
        "average_class_size": 3.0,
    }
    assert (found.node, found.suppressed) == ((1,), 2)
    assert found.loss == pytest.approx(expected[objective], abs=1e-12)


def test_what_is_refused_gives_way_to_the_next_best():
    attributes = [attribute("a", [0, 0, 1, 1, 2, 2], [np.arange(3), np.array([0, 0, 1]), np.zeros(3, np.int64)])]
    lattice = Lattice(attributes, np.ones(6, np.int64))
    require = Requirements(2, 0.0)
    assert optimum(lattice, require).best.node == (0,)
    found = optimum(lattice, require, lambda counted: None if counted.node == (0,) else counted)
    assert (found.best.node, found.refused) == ((1,), 1)
    assert optimum(lattice, require, lambda counted: None).best is None


def test_a_search_that_ends_too_early_says_so():
    random = np.random.default_rng(4)
    levels = [np.arange(8), np.arange(8) // 2, np.arange(8) // 4, np.zeros(8, np.int64)]
    attributes = [attribute(name, random.integers(0, 8, 60), levels) for name in "abcd"]
    lattice = Lattice(attributes, np.ones(60, np.int64))
    whole = optimum(lattice, Requirements(3, 0.2))
    short = optimum(lattice, Requirements(3, 0.2), most=1)
    assert whole.proved
    assert short.counted < whole.counted
    assert not short.proved
    assert short.best.loss >= whole.best.loss


def test_a_field_that_tells_no_classes_apart_keeps_its_finest_level():
    from dataclasses import replace

    levels = [np.arange(4), np.zeros(4, np.int64)]
    apart = attribute("a", [0, 1, 2, 3], levels)
    beside = replace(attribute("b", [3, 2, 1, 0], levels), separates=False)
    found = optimum(Lattice([apart, beside], np.ones(4, np.int64)), Requirements(2, 0.0)).best
    assert found.node == (1, 0)


def test_rows_stand_for_as_many_records_as_they_say():
    levels = [np.arange(2), np.zeros(2, np.int64)]
    lattice = Lattice([attribute("a", [0, 1, 1], levels)], np.array([5, 2, 2]), subject=keys(["x", "y", "z"]))
    found = optimum(lattice, Requirements(2, 0.6)).best
    assert (found.node, found.suppressed, found.classes, found.smallest) == ((0,), 5, 1, 2)
