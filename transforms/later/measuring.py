"""A release measured again once rows were taken out of it, beside its source: lines 3 to 6 of the label rule."""

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.dataset.source_figures import LINES
from beam_deid.transforms.dataset.source_join import join_rows
from beam_deid.transforms.dataset.source_proof import TreatedAgain
from beam_deid.transforms.label.amending import MeasuredAgain
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.rule import figure_of

_HOW = "beside its source"
UNSEEN = "the release was changed without its source (--input), beside which alone persons can be counted"


def measured_without(again: TreatedAgain, theirs: Bools, left: int) -> MeasuredAgain:
    """Measure what is left of a release.

    Args:
        again: The source, n cells, treated as the release was before rows were taken out.
        theirs: Which cells' records were taken out, shape (n,).
        left: How many rows are left.
    """
    rows = join_rows(again.source, again.levels, again.kinds)
    records = np.where(theirs, 0, rows.left)
    missing = _missing(again, left, int(records.sum()))
    if missing:
        return MeasuredAgain(missing=missing)
    seen = Candidate(again.source.data, again.levels, records)
    figures = {
        asked.name: figure_of(requirement, asked, seen)
        for requirement, asked in planned(seen.scope)
        if asked.line in LINES
    }
    return MeasuredAgain(_HOW, figures, plain(seen.risk.to_document()))


def _missing(again: TreatedAgain, left: int, records: int) -> str:
    """Why the release cannot be measured; empty if it can."""
    if again.source.recomputable.uncounted:
        names = ", ".join(again.source.recomputable.uncounted)
        return f"unlike values of {names} may have become alike, and the key that would tell was destroyed"
    if records != left:
        return "of some kinds of rows not all records of the source are released, so whose they are is not known"
    return ""
