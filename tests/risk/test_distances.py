import csv
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.risk.distances import Scale, equal_distance, hierarchical_distance, ordered_distance
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes

from ..kit.examples import examples
from ..kit.shared import ADULT, needs_adult
from .adult import adult
from .tables import keys

linprog = pytest.importorskip("scipy.optimize").linprog

VALUES = "abcdef"
TREE = {"a": "xXr", "b": "xXr", "c": "yXr", "d": "zYr", "e": "zYr", "f": "wYr"}
ROWS = st.lists(st.tuples(st.sampled_from("PQR"), st.sampled_from(VALUES)), min_size=1, max_size=40)


def counted(rows):
    groups = keys([row[0] for row in rows])
    values = keys([row[1] for row in rows])
    ones = np.ones(len(rows), np.int64)
    return Distribution.of(Classes(groups, ones, None), ones, values)


def scale():
    own = keys(list(VALUES))
    order = np.argsort(own)
    levels = [own, *(keys([TREE[value][place] for value in VALUES]) for place in range(3))]
    return Scale(own[order], np.arange(len(own))[order]), Scale(
        own[order], levels=tuple(level[order] for level in levels)
    )


def moved(rows, group, ground):
    """The least work that turns all rows' distribution into a group's: a linear programme."""
    names = sorted({row[1] for row in rows})
    share = [sum(row == (group, name) for row in rows) / sum(row[0] == group for row in rows) for name in names]
    overall = [sum(row[1] == name for row in rows) / len(rows) for name in names]
    many = len(names)
    costs = [ground(one, other, names) for one, other in itertools.product(names, names)]
    out = [[float(i == place) for i, _ in itertools.product(range(many), repeat=2)] for place in range(many)]
    into = [[float(j == place) for _, j in itertools.product(range(many), repeat=2)] for place in range(many)]
    return linprog(costs, A_eq=np.array(out + into), b_eq=np.array(overall + share)).fun


def equal(one, other, names):
    return float(one != other)


def ordered(one, other, names):
    return abs(names.index(one) - names.index(other)) / max(len(names) - 1, 1)


def hierarchical(one, other, names):
    paths = [one + TREE[one], other + TREE[other]]
    return next(height for height in range(4) if paths[0][height] == paths[1][height]) / 3


@pytest.mark.parametrize(
    ("ground", "ours"),
    [(equal, equal_distance), (ordered, scale()[0].distance), (hierarchical, scale()[1].distance)],
    ids=["equal", "ordered", "hierarchical"],
)
@examples(0.6)
@given(ROWS)
def test_a_distance_is_the_least_work(ground, ours, rows):
    found = ours(counted(rows))
    _, classes = ordered_codes(keys([row[0] for row in rows]))
    names = {int(keys([group])[0]): group for group in "PQR"}
    expected = [moved(rows, names[int(key)], ground) for key in classes]
    assert found == pytest.approx(expected, abs=1e-9)


def test_one_value_is_no_distance_away():
    found = counted([("P", "a"), ("Q", "a")])
    assert ordered_distance(found, np.zeros(1, np.int64)).tolist() == [0, 0]
    assert hierarchical_distance(found, [keys(["a"]), keys(["r"])]).tolist() == [0, 0]


def test_the_example_of_the_paper():
    # Li, Li, Venkatasubramanian, example 3: incomes 3k … 11k; {3k, 4k, 5k} is 0.375 away and {6k, 8k, 11k} 0.167.
    rows = [("A", 3), ("A", 4), ("A", 5), ("B", 6), ("B", 8), ("B", 11), ("C", 7), ("C", 9), ("C", 10)]
    found = counted([(group, str(income)) for group, income in rows])
    ranks = np.argsort(
        np.argsort(
            [
                int(one)
                for one in (next(str(i) for i in range(3, 12) if keys([str(i)])[0] == key) for key in found.value_keys)
            ]
        )
    )
    by_class = dict(
        zip(
            Classes(keys(list("AAABBBCCC")), np.ones(9, np.int64), None).keys.tolist(),
            ordered_distance(found, ranks).tolist(),
            strict=True,
        )
    )
    assert by_class[int(keys(["A"])[0])] == pytest.approx(0.375)
    assert by_class[int(keys(["B"])[0])] == pytest.approx(0.167, abs=5e-4)


def hierarchy(name):
    """Groups of each value of an attribute of Adult, from itself to one of all."""
    with (ADULT / f"hierarchy_{name}.csv").open() as stream:
        return {row[0]: row for row in csv.reader(stream, delimiter=";")}


def node(levels):
    """The distribution of Adult's occupations over its classes at a node of the lattice."""
    table = adult()
    trees = {name: hierarchy(name) for name in levels}
    columns = [
        keys([trees[name][str(value)][level] for value in table.column(name).to_pylist()])
        for name, level in levels.items()
    ]
    ones = np.ones(len(table), np.int64)
    classes = Classes(combine(columns, len(table)), ones, None)
    return Distribution.of(classes, ones, keys(table.column("occupation").to_pylist()))


def occupations():
    tree = hierarchy("occupation")
    own = keys(list(tree))
    order = np.argsort(own)
    places = range(len(next(iter(tree.values()))))
    return Scale(own[order], levels=tuple(keys([row[place] for row in tree.values()])[order] for place in places))


@needs_adult
def test_adults_optimum_for_hierarchical_closeness_is_close_and_the_finer_one_is_not():
    # ARX, TestAnonymizationCombinations: with t ≤ 0.2 by the hierarchy the optimum is coarser than without.
    names = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass", "salary-class")
    coarse, fine = (
        node(dict(zip(names, levels, strict=True))) for levels in ((0, 4, 1, 1, 3, 2, 2, 1), (1, 1, 1, 1, 3, 2, 2, 1))
    )
    assert (coarse.classes, round(float(equal_distance(coarse).max()), 4)) == (4, 0.2558)
    assert float(occupations().distance(coarse).max()) <= 0.2
    assert (fine.classes, round(float(equal_distance(fine).max()), 4)) == (30, 0.4317)
    assert float(occupations().distance(fine).max()) > 0.2
