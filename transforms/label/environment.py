"""The setting of a release as its policy declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import is_past
from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.risk.measures.sharing import environment_risk

_WORST = 1.0
"""The environment risk of a recipient of whom nothing is known."""


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
        valid_until: The last day for which it is stated; None where nobody says.
        lapsed: Whether that day was past when the release was measured, so that the worst counts.
    """

    controls: str
    motive: str
    prevalence: float
    acquaintances: int
    security: str
    E: float
    population: int | None = None
    valid_until: str | None = None
    lapsed: bool = False

    @classmethod
    def declared(
        cls,
        public: bool,
        population: int | None = None,
        *,
        valid_until: str | None = None,
        at: str = "",
        **setting: Any,
    ) -> "DeclaredEnvironment":
        """The environment with the risk that follows from its setting.

        Args:
            public: Whether the release is fully public.
            population: People in the population, if anybody says.
            valid_until: The last day for which it is stated, if anybody says.
            at: When the release is measured.
            **setting: ``controls``, ``motive``, ``prevalence``, ``acquaintances`` and ``security``.
        """
        lapsed = is_past(valid_until, at)
        risk = _WORST if lapsed else environment_risk(public, **setting)
        return cls(**setting, E=risk, population=population, valid_until=valid_until, lapsed=lapsed)

    def risk(self, public: bool) -> float:
        """The environment risk that follows from what is declared, which is `E` unless somebody changed it."""
        if self.lapsed:
            return _WORST
        return environment_risk(public, self.controls, self.motive, self.prevalence, self.acquaintances, self.security)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "DeclaredEnvironment":
        """Read the environment from a label.

        Raises:
            TypeError: It has another shape.
        """
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        """Write it as a label holds it: the population and the last day only where they are known, and the risk last."""
        document = attributes(self, without=("E", "population", "valid_until", "lapsed"))
        if self.population is not None:
            document["population"] = self.population
        if self.valid_until is not None:
            document |= {"valid_until": self.valid_until, "lapsed": self.lapsed}
        return {**document, "E": self.E}
