"""Uniqueness in the population that a release is a sample of; see `beam_deid.transforms.risk.population`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, Shape, View
from beam_deid.transforms.risk.population import PopulationUniqueness, population_uniqueness


@dataclass(frozen=True)
class PopulationFigures(Figures):
    """The figures of `Population`.

    Attributes:
        population: Estimates of how many of the population are unique in it.
    """

    population: Annotated[PopulationUniqueness, Shape.ESTIMATES]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PopulationFigures":
        """Read the figures from ``risk`` of a label; see `Figures.from_document`."""
        return cls(PopulationUniqueness(**document["population"]))


class Population(Measure):
    """Uniqueness in the population, where its size is known."""

    name = "population"
    kind = PopulationFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "population": Meaning(
            meaning="How many of the population that the release was drawn from are unique in it, estimated; only where the policy "
            "says how many the population has",
            source="Dankar, El Emam, Neisa, Roffey: Estimating the re-identification risk of clinical data sets (2012)",
            advice="No test goes by it: within this release whoever is unique is told by k.",
            parts={
                "population": "Persons of the population",
                "sample": "Share of the release that is unique in the release",
                "pitman": "Estimate by Pitman's sampling formula",
                "zayatz": "Estimate by Zayatz",
                "snb": "Estimate by a shifted negative binomial model",
                "chosen": "The estimate that is to be trusted",
            },
        )
    }

    def figures(self, view: View) -> PopulationFigures | None:
        """Estimate over subjects; None where the size of the population is not known."""
        size = view.setting.population
        if size is None:
            return None
        return PopulationFigures(population_uniqueness(view.sizes.of_somebody.each, size))
