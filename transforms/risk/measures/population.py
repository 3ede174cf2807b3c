"""Uniqueness in the population that a release is a sample of; see `beam_deid.transforms.risk.population`."""

from dataclasses import asdict
from typing import Any

import numpy as np

from beam_deid.transforms.risk.measures.measure import Measure, View
from beam_deid.transforms.risk.population import population_uniqueness


class Population(Measure):
    """``population{population, sample, pitman, zayatz, chosen}``, where the population's size is known."""

    name = "population"

    def figures(self, view: View) -> dict[str, Any]:
        """The estimates over subjects, or nothing."""
        if view.setting.population is None:
            return {}
        return {
            "population": asdict(population_uniqueness(np.maximum(view.classes.subjects, 1), view.setting.population))
        }
