"""The setting of a release as its policy declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.risk.measures.sharing import environment_risk


@dataclass(frozen=True)
class DeclaredEnvironment:
    """The setting of a release, which nobody has checked, and the environment risk that follows from it.

    Attributes:
        controls: Risk-mitigating controls at the recipient, ``low``, ``medium`` or ``high``.
        motive: Motives and capacity of an insider, likewise.
        prevalence: Share of the population that has what the dataset is about, 0 to 1.
        acquaintances: People whom a recipient's staff member knows.
        security: The recipient's security and privacy capability, ``low``, ``medium`` or ``high``.
        E: The environment risk, 0 to 1.
        population: People in the population that the dataset is drawn from; None where nobody says.
    """

    controls: str
    motive: str
    prevalence: float
    acquaintances: int
    security: str
    E: float
    population: int | None = None

    @classmethod
    def declared(cls, public: bool, population: int | None = None, **setting: Any) -> "DeclaredEnvironment":
        """The environment with the risk that follows from its setting.

        Args:
            public: Whether the release is fully public.
            population: People in the population, if anybody says.
            **setting: ``controls``, ``motive``, ``prevalence``, ``acquaintances`` and ``security``.
        """
        return cls(**setting, E=environment_risk(public, **setting), population=population)

    def risk(self, public: bool) -> float:
        """The environment risk that follows from what is declared, which is `E` unless somebody changed it."""
        return environment_risk(public, self.controls, self.motive, self.prevalence, self.acquaintances, self.security)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "DeclaredEnvironment":
        """Read the environment from a label.

        Raises:
            TypeError: It has another shape.
        """
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        """Write it as a label holds it: the population only where it is known, and the risk last."""
        document = attributes(self, without=("E", "population"))
        if self.population is not None:
            document["population"] = self.population
        return {**document, "E": self.E}
