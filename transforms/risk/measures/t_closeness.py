"""t-closeness with equal distance: half the sum of absolute differences (total variation).

Li, Li, Venkatasubramanian: t-Closeness: privacy beyond k-anonymity and l-diversity (2007), equal ground distance.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Keys, codes, combine, first_rows
from beam_deid.transforms.risk.histogram import Classes, Counts
from beam_deid.transforms.risk.measures.measure import Measure, View


class TCloseness(Measure):
    """``t{FIELD: t}``."""

    name = "t_closeness"

    def figures(self, view: View) -> dict[str, Any]:
        """The greatest distance over all classes, per sensitive field, from 0 to 1, over records."""
        return {
            "t": {
                name: float(equal_distance(view.classes, view.counts, keys).max())
                for name, keys in view.sensitive.items()
            }
        }


def equal_distance(classes: Classes, counts: Counts, values: Keys) -> npt.NDArray[np.float64]:
    """Distance of each class's distribution from the whole one, shape (classes,).

    Args:
        classes: The classes of the rows.
        counts: Records per row, shape (n,).
        values: Value key of each row, shape (n,).
    """
    value, distinct = codes(values)
    overall = np.bincount(value, weights=counts, minlength=len(distinct)) / counts.sum()
    pair, pairs = codes(combine([classes.numbers.view(np.uint64), values], len(values)))
    rows = first_rows(pair, len(pairs))
    share = np.bincount(pair, weights=counts) / classes.records[classes.numbers[rows]]
    there = overall[value[rows]]
    # Values absent from a class differ by their whole share: 1 − Σ of the shares of those present.
    size = len(classes)
    differ = np.bincount(classes.numbers[rows], weights=np.abs(share - there), minlength=size)
    present = np.bincount(classes.numbers[rows], weights=there, minlength=size)
    return np.asarray((differ + 1.0 - present) / 2)
