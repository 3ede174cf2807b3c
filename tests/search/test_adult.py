"""The optima that ARX finds on Adult: shared/data/adult/README.md, and ARX's own tests (3.9.2)."""

from functools import partial

import numpy as np
import pytest

from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Criterion, Requirements

from ..kit.shared import needs_adult
from ..risk.adult import QUASI, adult
from ..risk.tables import keys
from ..risk.test_distances import hierarchy, occupations
from .by_hand import attribute

pytestmark = needs_adult
WITHOUT = [name for name in QUASI if name != "occupation"]


def adult_attribute(table, name):
    rows = list(hierarchy(name).values())
    place = {row[0]: number for number, row in enumerate(rows)}
    groups = []
    for level in range(len(rows[0])):
        names = {group: number for number, group in enumerate(dict.fromkeys(row[level] for row in rows))}
        groups.append(np.array([names[row[level]] for row in rows]))
    return attribute(name, [place[str(value)] for value in table.column(name).to_pylist()], groups)


def search(fields, objective, require, criteria=()):
    table = adult()
    secret = {"occupation": keys(table.column("occupation").to_pylist())}
    lattice = Lattice(
        [adult_attribute(table, name) for name in fields],
        np.ones(len(table), np.int64),
        criteria,
        sensitive=secret,
        objective=OBJECTIVES[objective],
    )
    return optimum(lattice, require)


@pytest.mark.parametrize(
    ("suppression", "node", "expected"),
    [
        (0.0, (0, 4, 1, 1, 3, 2, 2, 1, 0), (0.6355438467, 0, 24, 69, 3951)),
        (0.02, (0, 3, 0, 2, 2, 1, 1, 2, 0), (0.3574824899, 506, 222, 5, 3218)),
    ],
)
def test_least_loss(suppression, node, expected):
    found = search(QUASI, "loss", Requirements(5, suppression))
    best = found.best
    assert (found.nodes, found.proved, best.node) == (12_960, True, node)
    assert best.loss == pytest.approx(expected[0], abs=1e-9)
    assert (best.suppressed, best.classes, best.smallest, best.largest) == expected[1:]
    assert found.counted < 600


@pytest.mark.parametrize(
    ("k", "suppression", "node", "loss"),
    [
        (5, 0.0, (1, 2, 1, 1, 3, 2, 2, 1, 1), 407289.5388925293),
        (100, 0.0, (0, 4, 1, 1, 3, 2, 2, 1, 1), 453196.8932458743),
        (5, 0.04, (1, 0, 1, 1, 3, 2, 2, 0, 1), 255559.85455731067),
        (100, 0.04, (1, 1, 1, 1, 3, 2, 2, 1, 1), 379417.3460570988),
    ],
)
def test_least_entropy(k, suppression, node, loss):
    best = search(QUASI, "monotonic_non_uniform_entropy", Requirements(k, suppression)).best
    assert best.node == node
    assert best.loss == pytest.approx(loss, abs=1e-6)


DIVERSE = {
    "k": (),
    "recursive-(4,5)": (Criterion("c", "occupation", partial(per_class.recursive_ratio, least=5), 4.0, below=True),),
    "entropy-5": (Criterion("c", "occupation", per_class.effective_values, 5.0, at_least=True),),
    "distinct-5": (Criterion("c", "occupation", per_class.distinct_values, 5, at_least=True, inherited=True),),
}


@pytest.mark.parametrize("name", DIVERSE)
def test_diverse_occupations(name):
    best = search(WITHOUT, "non_uniform_entropy", Requirements(5, 0.0), DIVERSE[name]).best
    assert (best.node, best.smallest, best.classes) == ((1, 1, 1, 1, 3, 2, 2, 1), 16, 30)
    assert best.loss == pytest.approx(324620.5269918692, abs=1e-6)


def test_close_occupations_by_their_hierarchy():
    close = Criterion("t", "occupation", occupations().distance, 0.2, relative=True)
    best = search(WITHOUT, "non_uniform_entropy", Requirements(5, 0.0), (close,)).best
    assert (best.node, best.smallest, best.classes) == ((0, 4, 1, 1, 3, 2, 2, 1), 1492, 4)
    assert best.loss == pytest.approx(398400.0741806447, abs=1e-6)


def test_close_occupations_that_are_equally_far():
    close = Criterion("t", "occupation", equal_distance, 0.2, relative=True)
    best = search(WITHOUT, "discernibility", Requirements(5, 0.0), (close,)).best
    assert (best.node, best.loss, best.smallest, best.classes) == ((1, 4, 1, 1, 3, 2, 2, 1), 456853172.0, 14086, 2)
