import numpy as np
import pytest
from hypothesis import given

from beam_deid.transforms.search.blocking import blocked
from beam_deid.transforms.search.exploring import explore
from beam_deid.transforms.search.frontier import frontier
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Requirements

from ..kit.examples import examples
from .by_hand import attribute, every_node, lattice_of, problems, requirements_of


@examples(2)
@given(problems())
def test_a_lattice_that_is_explored_to_the_end_gives_the_optimum(problem):
    listed = optimum(lattice_of(problem), requirements_of(problem))
    explored = explore(lattice_of(problem), requirements_of(problem))
    assert explored.proved
    assert (explored.best is None) == (listed.best is None)
    if listed.best is not None:
        assert explored.best.loss == pytest.approx(listed.best.loss, abs=1e-9)


def large():
    """A lattice of some 10¹² nodes over 400 rows."""
    random = np.random.default_rng(7)
    levels = [np.arange(16), np.arange(16) // 2, np.arange(16) // 4, np.arange(16) // 8, np.zeros(16, np.int64)]
    attributes = [attribute(str(n), random.integers(0, 16, 400) // 2 ** (n % 3), levels) for n in range(17)]
    return Lattice(attributes, np.ones(400, np.int64))


def test_a_lattice_that_is_too_large_is_searched_as_far_as_told_and_says_so():
    lattice = large()
    assert lattice.many == 5**17
    short, longer = (explore(large(), Requirements(3, 0.2), work=work) for work in (20_000, 400_000))
    assert not short.proved
    assert not longer.proved
    assert short.counted < longer.counted < 5_000
    assert longer.best.loss <= short.best.loss < 1.0
    assert explore(large(), Requirements(3, 0.2), work=20_000).best == short.best


def test_the_time_that_is_given_ends_the_search():
    assert explore(large(), Requirements(3, 0.2), seconds=0.05).counted < 5_000


@examples(0.5)
@given(problems())
def test_the_frontier_is_the_optimum_for_each_k(problem):
    for k, best, proved in frontier(lattice_of(problem), requirements_of(problem), (1, 2, 3, 5)):
        alone = optimum(lattice_of(problem), requirements_of({**problem, "k": k})).best
        assert proved
        assert (best is None) == (alone is None)
        if best is not None:
            assert best.loss == pytest.approx(alone.loss, abs=1e-9)


@examples(2)
@given(problems())
def test_what_would_satisfy_does_and_what_is_one_step_nearer_does_not(problem):
    if every_node(problem):
        return
    found = blocked(lattice_of(problem), requirements_of(problem))
    assert ("k" in found.by) == (found.k is not None)
    if found.k is not None:
        assert every_node({**problem, "k": found.k})
        assert not every_node({**problem, "k": found.k + 1})
    if found.suppression is not None:
        assert every_node({**problem, "suppression": found.suppression})
        assert not every_node({**problem, "suppression": found.suppression - 0.0002})
    for name in problem["criteria"]:
        rest = [other for other in problem["criteria"] if other != name]
        assert (name in found.by) == bool(every_node({**problem, "criteria": rest}))
    for name, key in (("average_risk", "average_risk"), ("risk", "mean_risk")):
        assert (name in found.by) == (problem[key] is not None and bool(every_node({**problem, key: None})))
