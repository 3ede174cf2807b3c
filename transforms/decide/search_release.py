"""What the search finds for a release: the optimum, what the label needs, local recoding, and the frontier."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.decide.choosing import choose, search_for_label
from beam_deid.transforms.decide.labelling import explained
from beam_deid.transforms.decide.recoding import recode
from beam_deid.transforms.decide.requiring import asked_alone, requirements
from beam_deid.transforms.decide.search_outcome import (
    ChosenLevels,
    FoundLevels,
    FrontierPoint,
    LabelLevels,
    LocalRecodingOutcome,
    Loss,
    SearchOutcome,
)
from beam_deid.transforms.decide.searching import Searched, Searcher, levels_at
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.search.frontier import frontier
from beam_deid.transforms.search.lattice import LARGEST
from beam_deid.transforms.search.node import Counted
from beam_deid.transforms.search.optimum import below
from beam_deid.transforms.search.requirements import Requirements

Names = Mapping[str, tuple[str, ...]]
"""Names of the levels of each open field, from the finest on."""

_ROUNDS = 3


@dataclass(frozen=True)
class Asked:
    """What is searched for beside the optimum.

    Attributes:
        ks: The k of the frontier; empty for none.
        seconds: Longest time where the lattice is too large to list; the policy's if None.
    """

    ks: tuple[int, ...] = ()
    seconds: float | None = None


def search_release(
    job: Job, release: str, measured: ReleaseMeasured, histogram: Histogram, read: int, asked: Asked
) -> SearchOutcome:
    """Search a release's levels.

    Args:
        job: What is searched for.
        release: The release.
        measured: What was measured of it.
        histogram: The records; at least one of them is of the release.
        read: Records read.
        asked: What else is asked.

    Returns:
        The optimum under what the policy requires by itself, the levels at which every line of the label holds, and what would
        make it hold where none do.
    """
    data = ReleasedData(job, job.layouts[release], measured, Cells(job, histogram))
    spec = data.spec
    searcher = Searcher(data, asked.seconds or spec.search.seconds)
    require = requirements(data, False)
    optimum = searcher.search(require)
    found = None if optimum.best is None else _found(searcher, optimum, require, asked)
    return SearchOutcome(
        release=release,
        objective=spec.search.objective,
        weights=dict(spec.search.weights),
        require=_required(require, searcher),
        chosen=_chosen(optimum, _names(data)),
        satisfied=optimum.satisfied,
        nodes=optimum.nodes,
        evaluated=optimum.evaluated,
        seconds=round(optimum.seconds, 4),
        method=optimum.method,
        proved=optimum.proved,
        changes=() if found and found.label.satisfied else explained(choose(data)),
        blocked=searcher.blocked(require) if found is None else None,
        found=found,
        read=read,
        rejected=measured.rejected,
    )


def _found(searcher: Searcher, optimum: Searched, require: Requirements, asked: Asked) -> FoundLevels:
    data = searcher.data
    names = _names(data)
    made = cut(data, optimum.levels, only=asked_alone(data))
    left = made.left if made.satisfied else _of_classes(data, optimum.levels, require.k)
    return FoundLevels(
        losses=data.openings.losses(optimum.levels, left),
        objectives=searcher.objectives(optimum.levels, require),
        label=_for_label(searcher, names),
        local=_local(searcher, optimum, data.spec.search.rounds or _ROUNDS, names),
        frontier=tuple(_frontier(searcher, require, asked.ks, names)),
    )


def _names(data: ReleasedData) -> Names:
    """Names of the levels of each open field."""
    return {name: data.openings.hierarchy(name).levels for name in data.layout.open}


def _named(levels: Mapping[str, int], names: Names) -> dict[str, str]:
    return {name: names[name][level] for name, level in levels.items()}


def _of_classes(data: ReleasedData, levels: RowLevels, k: int) -> Counts:
    """Records of each cell in classes of k records: what the search by itself leaves where nobody says whom they are about."""
    whole = Candidate(data, levels, data.everything)
    classes = whole.groups(data.layout.scope.rest)
    left = np.zeros_like(data.everything)
    left[whole.cells] = np.where(classes.records[classes.numbers] >= k, whole.counts, 0)
    return left


def _chosen(found: Searched, names: Names) -> ChosenLevels:
    named = _named(found.levels, names)
    best = found.best
    if best is None:
        return ChosenLevels(found.levels, named, None, None, None, None, None)
    figures = (best.loss, best.suppressed, best.classes, best.smallest, best.largest)
    return ChosenLevels(found.levels, named, *figures)


def _required(require: Requirements, searcher: Searcher) -> dict[str, float | None]:
    criteria = {
        one.name: one.limit
        for _, lattice in searcher.lattices()[:1]
        for one in lattice.criteria
        if one.name not in require.without
    }
    return {
        "k": require.k,
        "suppression": require.suppression,
        "average_risk": require.average_risk,
        "mean_risk": require.mean_risk,
        **criteria,
    }


@PROGRESS.doing("searching levels for the label")
def _for_label(searcher: Searcher, names: Names) -> LabelLevels:
    """The best levels at which every line of the label holds, which is what a run takes."""
    found = search_for_label(searcher)
    return LabelLevels(_chosen(found, names), found.satisfied, found.method)


@PROGRESS.doing("trying local recoding")
def _local(searcher: Searcher, found: Searched, rounds: int, names: Names) -> LocalRecodingOutcome | None:
    """What local recoding would do, beside the same levels for all; None where nothing is suppressed."""
    data = searcher.data
    whole = cut(data, found.levels)
    if not whole.lost(data.everything):
        return None
    local = recode(data, found.levels, whole, found.require, rounds)
    return LocalRecodingOutcome(
        rounds=tuple(_named(one.levels, names) for one in local.rounds),
        suppressed=local.cut.lost(data.everything),
        loss=data.openings.loss(local.levels, local.cut.left),
        full_domain=Loss(whole.lost(data.everything), data.openings.loss(found.levels, whole.left)),
    )


def _frontier(searcher: Searcher, require: Requirements, ks: Iterable[int], names: Names) -> Iterator[FrontierPoint]:
    """The best over all lattices for each k; nothing where one of them is too large to list."""
    lattices = searcher.lattices()
    ks = sorted(ks)
    if not ks or any(lattice.many > LARGEST for _, lattice in lattices):
        return
    with PROGRESS.doing("searching the frontier"):
        each = [frontier(lattice, require, ks) for _, lattice in lattices]
    for k, *found in zip(ks, *each, strict=True):
        best: tuple[dict[str, int], Counted] | None = None
        for (choices, _), (_, one, _) in zip(lattices, found, strict=True):
            if one is not None and (best is None or one.loss < below(best[1].loss)):
                best = levels_at(choices, one), one
        proved = all(proved for *_, proved in found)
        yield _point(k, best, proved, names)


def _point(k: int, best: tuple[dict[str, int], Counted] | None, proved: bool, names: Names) -> FrontierPoint:
    if best is None:
        return FrontierPoint(k, None, None, None, None, None, proved)
    levels, counted = best
    named = _named(levels, names)
    return FrontierPoint(k, counted.loss, counted.suppressed, counted.classes, levels, named, proved)
