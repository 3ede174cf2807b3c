"""Lattices for tests, and what a node makes of records counted one by one, without the code under test."""

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
from hypothesis import strategies as st

from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import equal_distance
from beam_deid.transforms.search.attribute import Attribute
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.requirements import Criterion, Requirements

from ..risk.tables import keys

VALUES = 5
NEAR = 1e-9


def attribute(name, base, groups, weight=1.0, separates=True):
    """An attribute with Iyengar's costs over the values that its hierarchy has."""
    sizes = [np.bincount(level) for level in groups]
    many = max(len(groups[0]) - 1, 1)  # as many as there are values, whatever the level
    costs = tuple((size[level] - 1) / many for size, level in zip(sizes, groups, strict=True))
    heights = tuple(level / max(len(groups) - 1, 1) for level in range(len(groups)))
    return Attribute(name, np.array(base, np.int32), tuple(groups), costs, heights, weight, separates)


@st.composite
def hierarchies(draw):
    """Levels over five values; mostly nested, sometimes not, sometimes without the values themselves or without a top."""
    levels = [np.arange(VALUES)]
    for _ in range(draw(st.integers(0, 2))):
        merged = np.array(draw(st.lists(st.integers(0, 2), min_size=VALUES, max_size=VALUES)))
        levels.append(merged if draw(st.integers(0, 4)) == 0 else merged[levels[-1]])
    if draw(st.integers(0, 5)):
        levels.append(np.zeros(VALUES, np.int64))
    return levels[1:] if len(levels) > 1 and draw(st.integers(0, 3)) == 0 else levels


CRITERIA = {
    "l": lambda limit: Criterion("l", "secret", per_class.distinct_values, 2, at_least=True, inherited=True),
    "entropy": lambda limit: Criterion("entropy", "secret", per_class.effective_values, 1.8, at_least=True),
    "recursive": lambda limit: Criterion(
        "recursive", "secret", lambda f: per_class.recursive_ratio(f, 2), 1.5, below=True
    ),
    "t": lambda limit: Criterion("t", "secret", equal_distance, 0.4, relative=True),
    "alpha": lambda limit: Criterion("alpha", "secret", per_class.commonest_share, 0.6),
    "beta": lambda limit: Criterion("beta", "secret", per_class.basic_gain, 0.8, relative=True),
    "enhanced": lambda limit: Criterion(
        "enhanced", "secret", lambda f: per_class.enhanced_gain(f, 0.8), 0.8, relative=True
    ),
    "delta": lambda limit: Criterion("delta", "secret", per_class.greatest_log_ratio, 0.7, relative=True),
}


@st.composite
def problems(draw):
    """A small dataset, its hierarchies, and what is asked of it."""
    rows = draw(st.integers(1, 25))
    value = st.integers(0, VALUES - 1)
    fields = draw(st.integers(1, 3))
    return {
        "columns": [draw(st.lists(value, min_size=rows, max_size=rows)) for _ in range(fields)],
        "levels": [draw(hierarchies()) for _ in range(fields)],
        "weights": [draw(st.sampled_from([1.0, 1.0, 3.0])) for _ in range(fields)],
        "separates": [draw(st.integers(0, 4)) > 0 for _ in range(fields)],
        "secret": draw(st.lists(st.sampled_from("pqr"), min_size=rows, max_size=rows)),
        "who": draw(st.lists(st.integers(0, 12), min_size=rows, max_size=rows)),
        "fixed": draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
        if draw(st.integers(0, 3)) == 0
        else None,
        "by_person": draw(st.booleans()),
        "k": draw(st.integers(1, 4)),
        "suppression": draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])),
        "criteria": draw(st.lists(st.sampled_from(sorted(CRITERIA)), max_size=2, unique=True)),
        "average_risk": draw(st.sampled_from([None, None, 0.2, 0.5])),
        "mean_risk": draw(st.sampled_from([None, None, 0.2, 0.5])),
        "objective": draw(st.sampled_from(sorted(OBJECTIVES))),
    }


def lattice_of(problem, **options):
    attributes = [
        attribute(str(field), column, levels, weight, separates)
        for field, (column, levels, weight, separates) in enumerate(_fields(problem, "weights", "separates"))
    ]
    return Lattice(
        attributes,
        np.ones(len(problem["who"]), np.int64),
        [CRITERIA[name](None) for name in problem["criteria"]],
        keys(problem["who"]) if problem["by_person"] else None,
        {"secret": keys(problem["secret"])},
        None if problem["fixed"] is None else keys(problem["fixed"]),
        OBJECTIVES[problem["objective"]],
        **options,
    )


def _fields(problem, *more):
    return list(zip(*(problem[name] for name in ("columns", "levels", *more)), strict=True))


def requirements_of(problem):
    return Requirements(problem["k"], problem["suppression"], problem["average_risk"], problem["mean_risk"])


def every_node(problem):
    """Each node with what it loses and suppresses, if it satisfies."""
    found = {}
    for node in itertools.product(*(range(len(levels)) for levels in problem["levels"])):
        told = _node(problem, node)
        if told is not None:
            found[node] = told
    return found


def _node(problem, node):
    classes = defaultdict(list)
    for row in range(len(problem["who"])):
        fixed = None if problem["fixed"] is None else problem["fixed"][row]
        cells = tuple(
            levels[at][column[row]]
            for (column, levels, separates), at in zip(_fields(problem, "separates"), node, strict=True)
            if separates
        )
        classes[fixed, cells].append(row)
    kept = dict(classes)
    everything = list(problem["secret"])
    allowed = problem["suppression"] * len(everything) + NEAR
    first = True
    while True:
        failing = {name for name, rows in kept.items() if _fails(problem, rows, everything)}
        failing |= {name for name in kept if _size(problem, classes[name]) < problem["k"]}
        left = {name: rows for name, rows in kept.items() if name not in failing}
        left = _riskless(problem, left)
        if first and sum(map(len, left.values())) < len(problem["who"]) - allowed:
            return None
        if not left:
            return None
        again = [problem["secret"][row] for rows in left.values() for row in rows]
        if left.keys() == kept.keys() and not first:
            break
        kept = left
        everything = again
        first = False
    suppressed = [row for name, rows in classes.items() if name not in kept for row in rows]
    if len(suppressed) > allowed:
        return None
    return _loss(problem, node, classes, kept, suppressed), len(suppressed)


def _size(problem, rows):
    return len({problem["who"][row] for row in rows}) if problem["by_person"] else len(rows)


def _riskless(problem, classes):
    """Without the smallest classes, size by size, until the risks are met."""
    sizes = {name: _size(problem, rows) for name, rows in classes.items()}
    for least in sorted({0, *sizes.values(), 10**6}):
        left = [size for size in sizes.values() if size >= least]
        average = len(left) / sum(left) if left else 0.0
        mean = sum(1 / size for size in left) / len(left) if left else 0.0
        limits = [(average, problem["average_risk"]), (mean, problem["mean_risk"])]
        if all(limit is None or risk <= limit + NEAR for risk, limit in limits):
            return {name: rows for name, rows in classes.items() if sizes[name] >= least}
    return {}


def _fails(problem, rows, everything):
    values = [problem["secret"][row] for row in rows]
    shares = {value: count / len(values) for value, count in Counter(values).items()}
    overall = {value: count / len(everything) for value, count in Counter(everything).items()}
    ordered = sorted(Counter(values).values(), reverse=True)
    gains = {value: share / overall[value] - 1 for value, share in shares.items()}
    tests = {
        "l": len(shares) < 2,
        "entropy": math.exp(-sum(share * math.log(share) for share in shares.values())) < 1.8 - NEAR,
        "recursive": not ordered[0] < 1.5 * sum(ordered[1:]) - NEAR,
        "t": sum(abs(shares.get(value, 0) - share) for value, share in overall.items()) / 2 > 0.4 + NEAR,
        "alpha": max(shares.values()) > 0.6 + NEAR,
        "beta": max(gains.values()) > 0.8 + NEAR,
        "enhanced": any(
            gain > min(0.8, -math.log(overall[value])) + NEAR for value, gain in gains.items() if gain > NEAR
        ),
        "delta": any(abs(math.log(share / overall[value])) > 0.7 + NEAR for value, share in shares.items()),
    }
    return any(tests[name] for name in problem["criteria"])


def _loss(problem, node, classes, kept, suppressed):
    rows = range(len(problem["who"]))
    fields = [
        (column, levels, at, weight)
        for (column, levels, weight), at in zip(_fields(problem, "weights"), node, strict=True)
    ]
    gone = set(suppressed)
    weights = sum(problem["weights"])
    if problem["objective"] == "discernibility":
        return sum(len(rows) ** 2 for rows in kept.values()) + len(suppressed) * len(problem["who"])
    if problem["objective"] == "average_class_size":
        return len(problem["who"]) / (len(kept) + bool(suppressed))
    total = 0.0
    for column, levels, at, weight in fields:
        group = levels[at]
        if problem["objective"] == "loss":
            cost = {value: (int((group == group[value]).sum()) - 1) / max(VALUES - 1, 1) for value in range(VALUES)}
            total += weight / weights * sum(1.0 if row in gone else cost[column[row]] for row in rows) / len(rows)
        elif problem["objective"] == "precision":
            height = at / max(len(levels) - 1, 1)
            total += weight / weights * sum(1.0 if row in gone else height for row in rows) / len(rows)
        else:
            counts = Counter(column)
            grouped = Counter(group[value] for value in column)
            bits = sum(math.log2(grouped[group[value]] / counts[value]) for value in column)
            if problem["objective"] == "non_uniform_entropy" and gone:
                among = Counter(group[column[row]] for row in gone)
                bits += sum(count * math.log2(len(gone) / count) for count in among.values())
            total += weight * len(fields) / weights * bits
    return total
