"""Disclosure measures: one file a measure, all of them in `MEASURES`."""

from typing import Any

from beam_deid.transforms.risk.measures.alpha_k import AlphaK
from beam_deid.transforms.risk.measures.k_anonymity import KAnonymity
from beam_deid.transforms.risk.measures.l_diversity import LDiversity
from beam_deid.transforms.risk.measures.likeness import Likeness
from beam_deid.transforms.risk.measures.measure import Measure, View
from beam_deid.transforms.risk.measures.population import Population
from beam_deid.transforms.risk.measures.reidentification import Reidentification
from beam_deid.transforms.risk.measures.sharing import SharingModel
from beam_deid.transforms.risk.measures.t_closeness import TCloseness

MEASURES: tuple[Measure, ...] = (
    KAnonymity(), Reidentification(), SharingModel(), LDiversity(), TCloseness(), AlphaK(), Likeness(),
    Population(),
)  # fmt: skip
"""All measures; each adds figures of its own to a label's ``risk``."""

if len({measure.name for measure in MEASURES}) != len(MEASURES):
    raise RuntimeError("two measures share a name")


def all_figures(view: View) -> dict[str, Any]:
    """The figures of every measure."""
    figures: dict[str, Any] = {}
    for measure in MEASURES:
        figures.update(measure.figures(view))
    return figures
