"""Distinct l-diversity: the least number of distinct values of a sensitive field in a class.

Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam: l-Diversity: privacy beyond k-anonymity (2007).
"""

from typing import Any

from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_per_number
from beam_deid.transforms.risk.measures.measure import Measure, View


class LDiversity(Measure):
    """``l_distinct{FIELD: l}``."""

    name = "l_diversity"

    def figures(self, view: View) -> dict[str, Any]:
        """The least figure over all classes, per sensitive field. Null counts as a value."""
        return {
            "l_distinct": {
                name: int(distinct_values(view.classes, keys).min()) for name, keys in view.sensitive.items()
            }
        }


def distinct_values(classes: Classes, values: Keys) -> Counts:
    """Distinct values per class, shape (classes,), for the value key of each row, shape (n,)."""
    return distinct_per_number(classes.numbers, values, len(classes))
