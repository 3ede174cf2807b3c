"""Prosecutor, journalist and marketer risk.

El Emam: Guide to the De-Identification of Personal Health Information (2013), chapters 16 to 18. Without a table of
the population the release is taken for the whole of it, so that the journalist's risk is the prosecutor's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, Shape, Share, View

_SOURCE = "El Emam: Guide to the De-Identification of Personal Health Information (2013)"
_PARTS = {
    "highest": "The risk of the person at greatest risk",
    "average": "The average over persons",
    "at_risk": "Share of the persons whose risk is above 1/k",
}


@dataclass(frozen=True)
class AttackerRisk:
    """The risk that one kind of attacker re-identifies a subject, from 0 to 1.

    Attributes:
        highest: The risk of the subject at greatest risk.
        average: The mean over subjects.
        at_risk: Share of the subjects whose risk is above the threshold 1/k.
    """

    highest: float
    average: float
    at_risk: float


@dataclass(frozen=True)
class ReidentificationRisk(Figures):
    """The risk of re-identification, from 0 to 1, over subjects.

    Attributes:
        max_risk: The prosecutor's highest.
        avg_risk: The prosecutor's average: classes divided by subjects.
        prosecutor: The risk where the attacker knows that a subject is in the release.
        journalist: The risk where it does not.
        marketer: Share of subjects that are re-identified if everybody is linked at random within a class.
    """

    max_risk: Share
    avg_risk: Share
    prosecutor: Annotated[AttackerRisk, Shape.SHARES]
    journalist: Annotated[AttackerRisk, Shape.SHARES]
    marketer: Share

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ReidentificationRisk":
        """Read the figures from ``risk`` of a label; see `Figures.from_document`."""
        return cls(
            max_risk=document["max_risk"],
            avg_risk=document["avg_risk"],
            prosecutor=AttackerRisk(**document["prosecutor"]),
            journalist=AttackerRisk(**document["journalist"]),
            marketer=document["marketer"],
        )


class Reidentification(Measure):
    """Prosecutor, journalist and marketer risk."""

    name = "reidentification"
    kind = ReidentificationRisk
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "max_risk": Meaning(
            meaning="Greatest chance of naming a person rightly by guessing within the person's group",
            formula="max 1/f_j = 1/k",
            source=_SOURCE,
            test="k",
        ),
        "avg_risk": Meaning(
            meaning="Average of that chance over all persons: groups divided by persons",
            formula="J / Σ f_j",
            source=_SOURCE,
            test="average_risk",
        ),
        "prosecutor": Meaning(
            meaning="The risk by an attacker who looks for one person, and knows that the person is in the release",
            formula="1/f_j",
            source=_SOURCE,
            test="classes_at_risk",
            parts=_PARTS,
        ),
        "journalist": Meaning(
            meaning="The risk by an attacker who wants to find anybody, and does not know who is in the release; without a table "
            "of the population it is taken to be as great as the prosecutor's",
            formula="1/F_j",
            source=_SOURCE,
            test="classes_at_risk",
            parts=_PARTS,
        ),
        "marketer": Meaning(
            meaning="Share of the persons who would be named rightly if everybody were linked at random within the groups",
            formula="J / Σ f_j",
            source=_SOURCE,
            test="average_risk",
        ),
    }

    def figures(self, view: View) -> ReidentificationRisk:
        """Measure the risk over subjects."""
        sizes = view.sizes.of_somebody
        risk = 1.0 / sizes.subjects
        subjects = sizes.subjects * sizes.classes
        people = subjects.sum()
        at_risk = subjects[risk > view.setting.threshold + 1e-12].sum() / people
        average = len(sizes) / people
        prosecutor = AttackerRisk(float(risk.max()), float(average), float(at_risk))
        return ReidentificationRisk(prosecutor.highest, prosecutor.average, prosecutor, prosecutor, float(average))
