"""The risk figures by sharing model: R_a, R_b, R_c, the environment risk E, and the overall risk R.

Terms as in GB/T 42460-2023 (after which these are modelled; no conformity is claimed); context tables as in
Information and Privacy Commissioner of Ontario: De-identification Guidelines for Structured Data (2016).

For class sizes f_j (subjects) and θ_j = 1/f_j: R_a is the share of classes with θ_j above the threshold, R_b the
greatest θ_j, R_c the mean of θ_j over classes. R = R_b·E when fully public, R_c·E otherwise, and 1 if R_a > 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, Shape, View

_INSIDER = {
    ("high", "low"): 0.05,
    ("high", "medium"): 0.1,
    ("high", "high"): 0.2,
    ("medium", "low"): 0.2,
    ("medium", "medium"): 0.3,
    ("medium", "high"): 0.4,
    ("low", "low"): 0.4,
    ("low", "medium"): 0.5,
    ("low", "high"): 0.6,
}
_BREACH = {"high": 0.14, "medium": 0.27, "low": 0.55}
_SOURCE = "GB/T 42460-2023 (reference)"


@dataclass(frozen=True)
class SharingRisk:
    """The risk figures by sharing model, from 0 to 1.

    Attributes:
        R_a: Share of classes whose risk is above the threshold.
        R_b: Greatest risk of a class.
        R_c: Mean risk of the classes.
        E: The environment risk.
        R: The overall risk.
    """

    R_a: float
    R_b: float
    R_c: float
    E: float
    R: float


@dataclass(frozen=True)
class SharingFigures(Figures):
    """The figures of `SharingModel`.

    Attributes:
        sharing: All of them.
    """

    sharing: Annotated[SharingRisk, Shape.SHARES]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SharingFigures":
        """Read the figures from ``risk`` of a label; see `Figures.from_document`."""
        return cls(SharingRisk(**document["sharing"]))


class SharingModel(Measure):
    """The risk figures by sharing model."""

    name = "sharing"
    kind = SharingFigures
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "sharing.R_a": Meaning(
            meaning="Share of the groups whose risk is above the limit, 1/k; no group may be",
            formula="R_a = |{j : θ_j > 1/k}| / J, θ_j = 1/f_j",
            source=_SOURCE,
            test="classes_at_risk",
        ),
        "sharing.R_b": Meaning(
            meaning="The greatest risk of a group, which counts in public sharing",
            formula="R_b = max θ_j",
            source=_SOURCE,
            test="overall_risk",
        ),
        "sharing.R_c": Meaning(
            meaning="The average risk of the groups, which counts in controlled and enclave sharing",
            formula="R_c = Σ θ_j / J",
            source=_SOURCE,
            test="overall_risk",
        ),
        "sharing.E": Meaning(
            meaning="How likely it is that anybody tries to find persons at all, by what is declared of the recipient; 1 in public "
            "sharing, and where nobody declares anything",
            formula="E = max(T1, 1 − (1 − p)^m, T3)",
            source="Information and Privacy Commissioner of Ontario: De-identification Guidelines for Structured Data (2016)",
            advice="Declare the recipient as it is, under environment in the policy, with who states it and until when. Nobody "
            "has checked what is declared.",
        ),
        "sharing.R": Meaning(
            meaning="The overall risk: that of the groups times that of the environment; 1 where a group's risk is above its limit",
            formula="R = R_b · E (public), R_c · E (controlled, enclave), 1 (R_a > 0)",
            source=_SOURCE,
            test="overall_risk",
        ),
    }

    def figures(self, view: View) -> SharingFigures:
        """Measure the risk of each class, and multiply it by that of the environment."""
        sizes = view.sizes.of_somebody
        risk = 1.0 / sizes.subjects
        # The tolerance keeps 1/5 at the threshold 1/5.
        above = float(sizes.classes[risk > view.setting.threshold + 1e-12].sum() / len(sizes))
        greatest = float(risk.max())
        mean = float((risk @ sizes.classes) / len(sizes))
        setting = view.setting
        overall = 1.0 if above > 0 else (greatest if setting.public else mean) * setting.environment
        return SharingFigures(SharingRisk(above, greatest, mean, setting.environment, overall))


def environment_risk(
    public: bool, controls: str, motive: str, prevalence: float, acquaintances: int, security: str
) -> float:
    """The environment risk E, from 0 to 1: 1 when fully public, else the greatest of three.

    Args:
        public: Whether the release is fully public.
        controls: Risk-mitigating controls, ``low``, ``medium`` or ``high``.
        motive: Motives and capacity of an insider, likewise (T1, deliberate attempt by an insider).
        prevalence: Share p of the population with the dataset's characteristic.
        acquaintances: Number m of a recipient's acquaintances (T2 = 1 − (1 − p)^m, an acquaintance is in the data).
        security: The recipient's security and privacy capability (T3, a breach at the recipient).
    """
    if public:
        return 1.0
    acquaintance = 1.0 - (1.0 - prevalence) ** acquaintances
    return max(_INSIDER[controls, motive], acquaintance, _BREACH[security])
