"""Local recoding: records that would be suppressed get another chance, at levels of their own.

Prasser, Kohlmayer, Kuhn: Efficient and effective pruning strategies for health data de-identification (2016), and ARX's
iterative scheme: what one round suppresses is searched by itself in the next. A cell may also be suppressed (``*``), where that
costs less than the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.records.assessing import Assessor, Cut
from beam_deid.transforms.records.layout import CLASSES, Layout
from beam_deid.transforms.records.openings import Levels
from beam_deid.transforms.records.searching import levels_at
from beam_deid.transforms.search.lattice import LARGEST
from beam_deid.transforms.search.optimum import optimum
from beam_deid.transforms.search.requirements import Requirements


@dataclass(frozen=True)
class Round:
    """One round of a release's recoding.

    Attributes:
        levels: The level of each open field.
        passed: Keys of the classes that this round suppressed, ascending: their records go on to the next.
    """

    levels: Mapping[str, int]
    passed: Keys


@dataclass(frozen=True)
class Recoding:
    """Which levels hold for which records.

    Attributes:
        rounds: The rounds after which something was kept; at least one. What the last one suppressed stays so.
        levels: The level of each open field, one or one a row.
        cut: What is released.
    """

    rounds: tuple[Round, ...]
    levels: Levels
    cut: Cut


def full_domain(levels: Mapping[str, int], cut: Cut) -> Recoding:
    """All records at the same levels."""
    return Recoding((Round(levels, cut.suppressed),), levels, cut)


def recode(
    assessor: Assessor, layout: Layout, levels: Mapping[str, int], cut: Cut, require: Requirements, rounds: int
) -> Recoding:
    """Give suppressed records up to so many more chances.

    Args:
        assessor: The release's data.
        layout: The release.
        levels: The levels for all records.
        cut: What is suppressed there.
        require: What all classes must meet together.
        rounds: Most further rounds.

    Returns:
        The recoding; that of all records at the same levels where nothing better was found.
    """
    plain = full_domain(levels, cut)
    done, rest = list(plain.rounds), ~cut.kept
    each = {name: np.full(len(rest), level, np.int64) for name, level in levels.items()}
    one_class = replace(require, suppression=1.0, average_risk=None, mean_risk=None)
    for _ in range(rounds):
        if not rest.any():
            break
        choices = {
            name: (levels[name],) if name in layout.sensitive
            else tuple(sorted({*assessor.openings.choices(name), assessor.openings.top(name)}))
            for name in layout.open
        }  # fmt: skip
        lattice = assessor.lattice(choices, rest)
        if lattice.many > LARGEST:
            break
        found = optimum(lattice, one_class).best
        if found is None or all(level == size - 1 for level, size in zip(found.node, lattice.sizes, strict=True)):
            break  # a record of which nothing is left is as good as suppressed
        chosen = levels_at(choices, found)
        here = {name: np.where(rest, level, each[name]) for name, level in chosen.items()}
        left = assessor.failing(here, rest, one_class)
        done.append(Round(chosen, np.unique(assessor.key(CLASSES, here)[left])))
        each, rest = here, left
    if len(done) == 1:
        return plain
    # A record whose values, spelled alike, are those of a class that is kept belongs to that class.
    keys = assessor.key(CLASSES, each)
    again = assessor.cut(each, require, ~rest | np.isin(keys, keys[~rest]))
    if not again.satisfied or again.records >= cut.records or np.isin(again.suppressed, keys[again.kept]).any():
        return plain
    return Recoding(tuple(done), each, again)
