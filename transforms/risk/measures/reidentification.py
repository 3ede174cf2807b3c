"""Prosecutor, journalist and marketer risk.

El Emam: Guide to the De-Identification of Personal Health Information (2013), chapters 16 to 18. Without a table of
the population the release is taken for the whole of it, so that the journalist's risk is the prosecutor's.
"""

from typing import Any

import numpy as np

from beam_deid.transforms.risk.measures.measure import Measure, View


class Reidentification(Measure):
    """``prosecutor{highest, average, at_risk}, journalist{…}, marketer, max_risk, avg_risk``."""

    name = "reidentification"

    def figures(self, view: View) -> dict[str, Any]:
        """The figures: shares from 0 to 1, over subjects."""
        sizes = np.maximum(view.classes.subjects, 1)  # a class of nobody known is one of somebody, who is alone
        risk = 1.0 / sizes
        people = sizes.sum()
        at_risk = sizes[risk > view.setting.threshold + 1e-12].sum() / people
        average = len(sizes) / people
        prosecutor = {"highest": float(risk.max()), "average": float(average), "at_risk": float(at_risk)}
        return {
            "max_risk": prosecutor["highest"],
            "avg_risk": prosecutor["average"],
            "prosecutor": prosecutor,
            "journalist": dict(prosecutor),
            "marketer": float(average),
        }
