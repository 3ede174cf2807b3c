import csv
import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.search.lattice import Attribute, Criterion, Lattice, Requirements
from beam_deid.transforms.search.optimum import optimum

from ..risk.adult import FOLDER, QUASI, adult, needs_adult
from ..risk.tables import keys


def attribute(name, base, groups):
    """An attribute with Iyengar's costs over the values that its hierarchy has."""
    sizes = [np.bincount(level) for level in groups]
    many = max(len(groups[0]) - 1, 1)  # as many as there are values, whatever the level
    return Attribute(
        name, np.array(base, np.int64), tuple(groups), tuple((s[g] - 1) / many for s, g in zip(sizes, groups, strict=True))
    )


@st.composite
def hierarchies(draw, values=5):
    """Levels over five values; mostly nested, sometimes not."""
    levels = [np.arange(values)]
    for _ in range(draw(st.integers(0, 2))):
        if draw(st.booleans()):
            groups = draw(st.lists(st.integers(0, 2), min_size=values, max_size=values))
            levels.append(np.array(groups))  # may not nest
        else:
            merged = draw(st.lists(st.integers(0, 2), min_size=values, max_size=values))
            levels.append(np.array(merged)[levels[-1]])
    levels.append(np.zeros(values, np.int64))
    return levels[draw(st.integers(0, 1)) :]  # the values themselves may not be open to the search


@st.composite
def problems(draw):
    rows = draw(st.integers(1, 25))
    value = st.integers(0, 4)
    return {
        "columns": [draw(st.lists(value, min_size=rows, max_size=rows)) for _ in range(draw(st.integers(1, 3)))],
        "levels": [draw(hierarchies()) for _ in range(3)],
        "secret": draw(st.lists(st.sampled_from("pqr"), min_size=rows, max_size=rows)),
        "who": draw(st.lists(st.integers(0, 12), min_size=rows, max_size=rows)),
        "by_person": draw(st.booleans()),
        "k": draw(st.integers(1, 4)),
        "suppression": draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])),
        "criterion": draw(st.sampled_from([None, "l", "entropy", "t"])),
    }


def at_least_two(found):
    return found.distinct < 2


def entropy_below(found):
    return -found.summed(found.share * np.log(found.share)) < math.log(1.8) - 1e-12


def too_far(found):
    return equal_distance(found) > 0.4 + 1e-12


CRITERIA = {"l": (at_least_two, True), "entropy": (entropy_below, False), "t": (too_far, False)}


def fails_by_hand(kind, values, everything):
    shares = {value: count / len(values) for value, count in Counter(values).items()}
    if kind == "l":
        return len(shares) < 2
    if kind == "entropy":
        return -sum(share * math.log(share) for share in shares.values()) < math.log(1.8) - 1e-12
    overall = {value: count / len(everything) for value, count in Counter(everything).items()}
    return sum(abs(shares.get(value, 0) - share) for value, share in overall.items()) / 2 > 0.4 + 1e-12


def by_hand(problem, levels, node):
    rows = range(len(problem["who"]))
    classes = defaultdict(list)
    for row in rows:
        classes[tuple(levels[f][at][problem["columns"][f][row]] for f, at in enumerate(node))].append(row)
    suppressed, lost = 0, 0.0
    for members in classes.values():
        people = len({problem["who"][row] for row in members}) if problem["by_person"] else len(members)
        failing = people < problem["k"]
        if problem["criterion"]:
            failing |= fails_by_hand(problem["criterion"], [problem["secret"][row] for row in members], problem["secret"])
        if failing:
            suppressed += len(members)
            lost += len(members) * len(node)
        else:
            for row, (f, at) in itertools.product(members, enumerate(node)):
                group = levels[f][at]
                lost += (int((group == group[problem["columns"][f][row]]).sum()) - 1) / 4
    good = suppressed <= problem["suppression"] * len(rows) + 1e-9 and suppressed < len(rows)
    return good, suppressed, lost / (len(rows) * len(node))


@settings(max_examples=300, deadline=None)
@given(problems())
def test_the_optimum_is_that_of_looking_at_every_node(problem):
    levels = problem["levels"][: len(problem["columns"])]
    attributes = [attribute(str(f), column, levels[f]) for f, column in enumerate(problem["columns"])]
    criteria = (Criterion("secret", *CRITERIA[problem["criterion"]]),) if problem["criterion"] else ()
    lattice = Lattice(
        attributes, np.ones(len(problem["who"]), np.int64), Requirements(problem["k"], problem["suppression"], criteria),
        keys(problem["who"]) if problem["by_person"] else None, {"secret": keys(problem["secret"])},
    )  # fmt: skip
    found = optimum(lattice)
    every = {node: by_hand(problem, levels, node) for node in itertools.product(*(range(len(one)) for one in levels))}
    good = {node: loss for node, (satisfies, _, loss) in every.items() if satisfies}
    assert found.proved
    assert (found.best is None) == (not good)
    if found.best is not None:
        assert found.best.loss == pytest.approx(min(good.values()), abs=1e-12)
        assert found.best.suppressed == every[found.best.node][1]
        assert found.best.node in good


@settings(max_examples=100, deadline=None)
@given(problems())
def test_persons_that_are_added_up_are_never_too_many(problem):
    levels = problem["levels"][: len(problem["columns"])]
    attributes = [attribute(str(f), column, levels[f]) for f, column in enumerate(problem["columns"])]
    problem = {**problem, "by_person": True, "criterion": None}
    lattice = Lattice(
        attributes, np.ones(len(problem["who"]), np.int64), Requirements(problem["k"], problem["suppression"]),
        keys(problem["who"]), exact=0,
    )  # fmt: skip
    assert not lattice.exact
    best = optimum(lattice).best
    if best is not None:
        satisfies, suppressed, loss = by_hand(problem, levels, best.node)
        assert satisfies
        assert suppressed <= best.suppressed
        assert loss <= best.loss + 1e-12


def test_what_is_refused_gives_way_to_the_next_best():
    attributes = [attribute("a", [0, 0, 1, 1, 2, 2], [np.arange(3), np.array([0, 0, 1]), np.zeros(3, np.int64)])]
    lattice = Lattice(attributes, np.ones(6, np.int64), Requirements(2, 0.0))
    assert optimum(lattice).best.node == (0,)
    found = optimum(lattice, accept=lambda counted: counted.node != (0,))
    assert (found.best.node, found.refused) == ((1,), 1)
    assert optimum(lattice, accept=lambda counted: False).best is None


def test_a_search_that_ends_too_early_says_so():
    random = np.random.default_rng(4)
    levels = [np.arange(8), np.arange(8) // 2, np.arange(8) // 4, np.zeros(8, np.int64)]
    attributes = [attribute(name, random.integers(0, 8, 60), levels) for name in "abcd"]
    lattice = Lattice(attributes, np.ones(60, np.int64), Requirements(3, 0.2))
    whole, short = optimum(lattice), optimum(lattice, most=1)
    assert whole.proved
    assert short.counted < whole.counted
    assert not short.proved
    assert short.best.loss >= whole.best.loss


def adult_attribute(table, name):
    with (FOLDER / f"hierarchy_{name}.csv").open() as stream:
        rows = list(csv.reader(stream, delimiter=";"))
    place = {row[0]: number for number, row in enumerate(rows)}
    groups = []
    for level in range(len(rows[0])):
        names = {group: number for number, group in enumerate(dict.fromkeys(row[level] for row in rows))}
        groups.append(np.array([names[row[level]] for row in rows]))
    return attribute(name, [place[str(value)] for value in table.column(name).to_pylist()], groups)


@needs_adult
@pytest.mark.parametrize(
    ("suppression", "node", "expected"),
    [(0.0, (0, 4, 1, 1, 3, 2, 2, 1, 0), (0.6355438467, 0, 24, 69, 3951)),
     (0.02, (0, 3, 0, 2, 2, 1, 1, 2, 0), (0.3574824899, 506, 222, 5, 3218))],
)  # fmt: skip
def test_adults_optima_are_those_of_arx(suppression, node, expected):
    table = adult()
    lattice = Lattice([adult_attribute(table, name) for name in QUASI], np.ones(len(table), np.int64), Requirements(5, suppression))
    found = optimum(lattice)
    best = found.best
    assert (found.nodes, best.node) == (12_960, node)
    assert best.loss == pytest.approx(expected[0], abs=1e-9)
    assert (best.suppressed, best.classes, best.smallest, best.largest) == expected[1:]
    assert found.counted < 600
