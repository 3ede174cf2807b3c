"""What the search finds for a release, as one document: the optimum, what the label needs, local recoding, and the frontier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.records.assessing import Assessor
from beam_deid.transforms.records.layout import Layout
from beam_deid.transforms.records.measuring import ReleaseMeasured
from beam_deid.transforms.records.recoding import recode
from beam_deid.transforms.records.searching import Searched, Searcher, levels_at
from beam_deid.transforms.search.frontier import frontier
from beam_deid.transforms.search.lattice import LARGEST, Counted
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


def search_document(policy: Policy, release: str, measured: ReleaseMeasured, asked: Asked) -> dict[str, Any]:
    """Search a release's levels.

    Args:
        policy: The policy.
        release: The release.
        measured: What was measured of it; it must have a record.
        asked: What else is asked.

    Returns:
        The document of ``beam-deid search --json``.
    """
    assert measured.histogram is not None  # noqa: S101 - who calls knows
    # As it was measured: by itself, so that joins with the policy's other releases are a run's to test.
    layout, spec = Layout.of(policy, release, (release,)), policy.releases[release]
    assessor = Assessor(policy, layout, measured, measured.histogram.ordered())
    searcher = Searcher(layout, assessor, asked.seconds or spec.search.seconds)
    require = assessor.requirements(False)
    found = searcher.search(require)
    names = {name: assessor.openings.ladder(name).levels for name in layout.open}
    document: dict[str, Any] = {
        "release": release, "objective": spec.search.objective, "weights": dict(spec.search.weights),
        "require": _required(require, searcher), **_chosen(found, names), "satisfied": found.satisfied,
        "nodes": found.nodes, "evaluated": found.evaluated, "seconds": round(found.seconds, 4), "method": found.method,
    }  # fmt: skip
    if found.best is None:
        return {**document, "blocked": searcher.blocked(require), "label": None, "local": None, "frontier": []}
    cut = assessor.cut(found.levels, require)
    document |= {
        "losses": assessor.openings.losses(found.levels, cut.kept),
        "objectives": searcher.objectives(found.levels, require), "blocked": None,
        "label": _for_label(searcher, names), "local": _local(searcher, found, spec.search.rounds or _ROUNDS, names),
        "frontier": list(_frontier(searcher, require, asked.ks)),
    }
    return document


def _chosen(found: Searched, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    best = found.best
    return {
        "levels": found.levels, "names": {name: names[name][level] for name, level in found.levels.items()},
        "loss": best and best.loss, "suppressed": best and best.suppressed, "classes": best and best.classes,
        "smallest": best and best.smallest, "largest": best and best.largest,
    }  # fmt: skip


def _required(require: Requirements, searcher: Searcher) -> dict[str, Any]:
    criteria = {one.name: one.limit for _, lattice in searcher.lattices()[:1] for one in lattice.criteria}
    return {
        "k": require.k, "suppression": require.suppression, "average_risk": require.average_risk,
        "mean_risk": require.mean_risk, **criteria,
    }  # fmt: skip


def _for_label(searcher: Searcher, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The best levels at which also the overall risk and the joins hold, which is what a run takes."""
    assessor = searcher.assessor
    require = assessor.requirements(True)
    found = searcher.search(require, lambda levels: assessor.holds(levels, assessor.cut(levels, require)))
    return {**_chosen(found, names), "satisfied": found.satisfied}


def _local(searcher: Searcher, found: Searched, rounds: int, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any] | None:
    """What local recoding would do, beside the same levels for all; None where nothing is suppressed."""
    assessor = searcher.assessor
    cut = assessor.cut(found.levels, found.require)
    if not cut.records:
        return None
    local = recode(assessor, searcher.layout, found.levels, cut, found.require, rounds)
    return {
        "rounds": [{name: names[name][level] for name, level in one.levels.items()} for one in local.rounds],
        "suppressed": local.cut.records, "loss": assessor.openings.loss(local.levels, local.cut.kept),
        "full_domain": {"suppressed": cut.records, "loss": assessor.openings.loss(found.levels, cut.kept)},
    }  # fmt: skip


def _frontier(searcher: Searcher, require: Requirements, ks: Iterable[int]) -> Iterable[dict[str, Any]]:
    """The best over all lattices for each k; nothing where one of them is too large to list."""
    lattices = searcher.lattices()
    ks = sorted(ks)
    if not ks or any(lattice.many > LARGEST for _, lattice in lattices):
        return
    each = [frontier(lattice, require, ks) for _, lattice in lattices]
    for k, *found in zip(ks, *each, strict=True):
        best: tuple[dict[str, int], Counted] | None = None
        for (choices, _), (_, one) in zip(lattices, found, strict=True):
            if one is not None and (best is None or one.loss < below(best[1].loss)):
                best = levels_at(choices, one), one
        yield {
            "k": k, "loss": best and best[1].loss, "suppressed": best and best[1].suppressed,
            "classes": best and best[1].classes, "levels": best and best[0],
        }  # fmt: skip

