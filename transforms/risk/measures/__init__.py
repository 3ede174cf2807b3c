"""Disclosure measures: one file a measure, all of them in `MEASURES`."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from beam_deid.transforms.risk.measures.alpha_k import AlphaK
from beam_deid.transforms.risk.measures.group_sizes import GroupSizesInBins
from beam_deid.transforms.risk.measures.k_anonymity import KAnonymity
from beam_deid.transforms.risk.measures.l_diversity import LDiversity
from beam_deid.transforms.risk.measures.likeness import Likeness
from beam_deid.transforms.risk.measures.measure import Measure, View
from beam_deid.transforms.risk.measures.population import Population
from beam_deid.transforms.risk.measures.reidentification import Reidentification
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.measures.sharing import SharingModel
from beam_deid.transforms.risk.measures.t_closeness import TCloseness
from beam_deid.transforms.risk.steady import steady

MEASURES: tuple[Measure, ...] = (
    KAnonymity(),
    GroupSizesInBins(),
    Reidentification(),
    SharingModel(),
    LDiversity(),
    TCloseness(),
    AlphaK(),
    Likeness(),
    Population(),
)
"""All measures; each adds figures of its own to a label's ``risk``."""

if len({measure.name for measure in MEASURES}) != len(MEASURES):
    raise RuntimeError("two measures share a name")
for one in MEASURES:
    if {name.partition(".")[0] for name in one.meanings} != {figure.name for figure in fields(one.kind)}:
        raise RuntimeError("a measure does not say what each of its figures means")


def all_figures(view: View) -> Risk:
    """Compute the figures of every measure, those that are floating-point numbers to ten digits."""
    return Risk(tuple(steady(part) for part in (measure.figures(view) for measure in MEASURES) if part is not None))


def merged_figures(parts: Sequence[Risk], whole: View) -> Risk:
    """Compute the figures of a release from those of its parts.

    Args:
        parts: The figures of each part; no two parts have a class in common.
        whole: The release, without its distributions.
    """
    found = []
    for measure in MEASURES:
        own = [figures for part in parts for figures in part.figures if type(figures) is measure.kind]
        found.append(measure.merged(own, whole))
    return Risk(tuple(steady(part) for part in found if part is not None))


def read_figures(document: Mapping[str, Any]) -> Risk:
    """Read ``risk`` of a label, as far as it holds all figures of a measure.

    Raises:
        TypeError: A figure has another shape.
    """
    kinds = [one.kind for one in MEASURES]
    told = [kind for kind in kinds if {one.name for one in fields(kind)} <= document.keys()]
    return Risk(tuple(kind.from_document(document) for kind in told))
