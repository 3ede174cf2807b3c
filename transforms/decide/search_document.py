"""What the search finds for a release, as one document: the optimum, what the label needs, local recoding, and the frontier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.openings import Levels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.decide.choosing import choose, search_for_label
from beam_deid.transforms.decide.deciding import explained
from beam_deid.transforms.decide.recoding import recode
from beam_deid.transforms.decide.requiring import asked_alone, requirements
from beam_deid.transforms.decide.searching import Searched, Searcher, levels_at
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.search.frontier import frontier
from beam_deid.transforms.search.lattice import LARGEST
from beam_deid.transforms.search.node import Counted
from beam_deid.transforms.search.optimum import below
from beam_deid.transforms.search.requirements import Requirements

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


def search_document(
    job: Job, release: str, measured: ReleaseMeasured, histogram: Histogram, asked: Asked
) -> dict[str, Any]:
    """Search a release's levels.

    Args:
        job: What is searched for.
        release: The release.
        measured: What was measured of it.
        histogram: The records; at least one of them is of the release.
        asked: What else is asked.

    Returns:
        The document of ``beam-deid search --json``: ``levels`` is the optimum under what the policy requires by itself,
        ``label_levels`` that at which every line of the label holds, and ``changes`` what would make it hold where none do.
    """
    data = ReleasedData(job, job.layouts[release], measured, Cells(job, histogram))
    spec = data.spec
    searcher = Searcher(data, asked.seconds or spec.search.seconds)
    require = requirements(data, False)
    found = searcher.search(require)
    names = {name: data.openings.ladder(name).levels for name in data.layout.open}
    document: dict[str, Any] = {
        "release": release,
        "objective": spec.search.objective,
        "weights": dict(spec.search.weights),
        "require": _required(require, searcher),
        **_chosen(found, names),
        "satisfied": found.satisfied,
        "nodes": found.nodes,
        "evaluated": found.evaluated,
        "seconds": round(found.seconds, 4),
        "method": found.method,
        "proved": found.proved,
        "label_levels": None,
        "changes": [],
    }
    if found.best is None:
        document["changes"] = explained(choose(data))
        return {**document, "blocked": searcher.blocked(require), "label": None, "local": None, "frontier": []}
    made = cut(data, found.levels, only=asked_alone(data))
    left = made.left if made.satisfied else _of_classes(data, found.levels, require.k)
    label = _for_label(searcher, names)
    document |= {
        "losses": data.openings.losses(found.levels, left),
        "label_levels": label["levels"] if label["satisfied"] else None,
        "objectives": searcher.objectives(found.levels, require),
        "blocked": None,
        "label": label,
        "local": _local(searcher, found, spec.search.rounds or _ROUNDS, names),
        "frontier": list(_frontier(searcher, require, asked.ks, names)),
    }
    if not label["satisfied"]:
        document["changes"] = explained(choose(data))
    return document


def _of_classes(data: ReleasedData, levels: Levels, k: int) -> Counts:
    """Records of each cell in classes of k records: what the search by itself leaves where nobody says whom they are about."""
    whole = Candidate(data, levels, data.everything)
    classes = whole.groups(data.layout.scope.rest)
    left = np.zeros_like(data.everything)
    left[whole.cells] = np.where(classes.records[classes.numbers] >= k, whole.counts, 0)
    return left


def _chosen(found: Searched, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    best = found.best
    return {
        "levels": found.levels,
        "names": {name: names[name][level] for name, level in found.levels.items()},
        "loss": best and best.loss,
        "suppressed": best and best.suppressed,
        "classes": best and best.classes,
        "smallest": best and best.smallest,
        "largest": best and best.largest,
    }


def _required(require: Requirements, searcher: Searcher) -> dict[str, Any]:
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


def _for_label(searcher: Searcher, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The best levels at which every line of the label holds, which is what a run takes."""
    found = search_for_label(searcher)
    return {**_chosen(found, names), "satisfied": found.satisfied, "method": found.method}


def _local(
    searcher: Searcher, found: Searched, rounds: int, names: Mapping[str, tuple[str, ...]]
) -> dict[str, Any] | None:
    """What local recoding would do, beside the same levels for all; None where nothing is suppressed."""
    data = searcher.data
    whole = cut(data, found.levels)
    if not whole.lost(data.everything):
        return None
    local = recode(data, found.levels, whole, found.require, rounds)
    return {
        "rounds": [{name: names[name][level] for name, level in one.levels.items()} for one in local.rounds],
        "suppressed": local.cut.lost(data.everything),
        "loss": data.openings.loss(local.levels, local.cut.left),
        "full_domain": {
            "suppressed": whole.lost(data.everything),
            "loss": data.openings.loss(found.levels, whole.left),
        },
    }


def _frontier(
    searcher: Searcher, require: Requirements, ks: Iterable[int], names: Mapping[str, tuple[str, ...]]
) -> Iterable[dict[str, Any]]:
    """The best over all lattices for each k; nothing where one of them is too large to list."""
    lattices = searcher.lattices()
    ks = sorted(ks)
    if not ks or any(lattice.many > LARGEST for _, lattice in lattices):
        return
    each = [frontier(lattice, require, ks) for _, lattice in lattices]
    for k, *found in zip(ks, *each, strict=True):
        best: tuple[dict[str, int], Counted] | None = None
        for (choices, _), (_, one, _) in zip(lattices, found, strict=True):
            if one is not None and (best is None or one.loss < below(best[1].loss)):
                best = levels_at(choices, one), one
        yield {
            "k": k,
            "loss": best and best[1].loss,
            "suppressed": best and best[1].suppressed,
            "classes": best and best[1].classes,
            "levels": best and best[0],
            "names": best and {name: names[name][level] for name, level in best[0].items()},
            "proved": all(proved for *_, proved in found),
        }
