"""Local recoding: records that would be suppressed are generalized further instead, at levels of their own.

Prasser, Kohlmayer, Kuhn: Efficient and effective pruning strategies for health data de-identification (2016), and ARX's
iterative scheme: what one round suppresses is searched by itself in the next. A cell may also be suppressed (``*``), where that
costs less than the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Cut
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut, suppressing
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.decide.requiring import lattice
from beam_deid.transforms.decide.searching import levels_at
from beam_deid.transforms.label.requirements.requirement import Seen
from beam_deid.transforms.search.lattice import LARGEST
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Requirements


@dataclass(frozen=True)
class Recoding:
    """The levels of each record.

    Attributes:
        rounds: The rounds after which something was kept; at least one. What the last one suppressed stays so.
        levels: The level of each open field, one or one a row.
        cut: What is released.
    """

    rounds: tuple[Round, ...]
    levels: RowLevels
    cut: Cut


def full_domain(levels: Mapping[str, int], cut: Cut) -> Recoding:
    """All records at the same levels."""
    return Recoding((Round(levels, np.empty(0, np.uint64)),), levels, cut)


def recode(data: ReleasedData, levels: Mapping[str, int], whole: Cut, require: Requirements, rounds: int) -> Recoding:
    """Search levels for the suppressed records by themselves, up to some rounds.

    Args:
        data: The release.
        levels: The levels for all records.
        whole: What is suppressed there.
        require: What all classes must meet together.
        rounds: Most further rounds.

    Returns:
        The recoding; that of all records at the same levels where nothing better was found.
    """
    plain = full_domain(levels, whole)
    there = data.everything > 0
    one_class = of_one_class(require)
    each = {name: np.full(len(there), level, np.int64) for name, level in levels.items()}
    rest = _failing(data, each, there, one_class)
    done = [Round(levels, _classes(data, each, rest))]
    for _ in range(rounds):
        chosen = levels_for(data, levels, rest, one_class) if rest.any() else None
        if chosen is None:
            break
        here = {name: np.where(rest, level, each[name]) for name, level in chosen.items()}
        left = _failing(data, here, rest, one_class)
        done.append(Round(chosen, _classes(data, here, left)))
        each = here
        rest = left
    if len(done) == 1:
        return plain
    again = cut(data, each)
    better = again.satisfied and again.lost(data.everything) < whole.lost(data.everything)
    return Recoding(tuple(done), each, again) if better else plain


def of_one_class(require: Requirements) -> Requirements:
    """What each class must meet by itself, however many there are."""
    return replace(require, suppression=1.0, average_risk=None, mean_risk=None)


def levels_for(
    data: ReleasedData,
    levels: Mapping[str, int],
    cells: Bools,
    require: Requirements,
    start: Mapping[str, int] | None = None,
) -> dict[str, int] | None:
    """The best levels for some cells by themselves.

    Args:
        data: The release.
        levels: The levels of the first round.
        cells: The cells, shape (n,).
        require: What every class must meet.
        start: The finest levels, where records were put together at these.

    Returns:
        The levels; None if there are none, or if they are too many to be searched.
    """
    choices = {name: _choices(data, name, levels[name], start) for name in data.layout.open}
    nodes = lattice(data, choices, cells)
    if nodes.many > LARGEST:
        return None
    found = optimum(nodes, require).best
    if found is None or all(level == size - 1 for level, size in zip(found.node, nodes.sizes, strict=True)):
        return None  # a record of which nothing is left is as good as suppressed
    return levels_at(choices, found)


def _choices(data: ReleasedData, name: str, level: int, start: Mapping[str, int] | None) -> tuple[int, ...]:
    """The levels of a field in a further round: a sensitive one keeps its level, any other one may be left out altogether."""
    if name in data.layout.sensitive:
        return (level,)
    openings = data.openings
    allowed = openings.choices(name) if start is None else openings.above(name, start[name])
    return tuple(sorted({*allowed, openings.top(name)}))


def _classes(data: ReleasedData, levels: RowLevels, cells: Bools) -> Fingerprints:
    """The keys of the classes of some cells, ascending."""
    return np.unique(data.keys(sorted(data.layout.rest), levels)[cells])


def _failing(data: ReleasedData, levels: RowLevels, cells: Bools, require: Requirements) -> Bools:
    """Of some cells (n,), looked at by themselves, those whose class misses what is required; shape (n,)."""
    seen = Candidate(data, levels, np.where(cells, data.everything, 0))
    out = np.zeros(len(cells), bool)
    out[seen.cells] = failing_classes(seen, require)[seen.groups(data.layout.rest).numbers]
    return out


def failing_classes(seen: Seen, require: Requirements) -> Bools:
    """Which classes of a release, looked at by itself, miss what is required; shape (classes,)."""
    groups = seen.groups(seen.scope.rest)
    poor = np.zeros(len(groups), bool)
    for one, test in suppressing(seen.scope):
        broken = one.broken(test, seen) if sorted(test.columns) == sorted(seen.scope.rest) else None
        if broken is not None:
            poor |= broken.groups
    return require.suppressed(groups.persons if seen.counted else groups.records, poor)
