"""A release as its published label tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.evidence import Attack, Hit, Recovery
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.history import History
from beam_deid.transforms.risk.measures import read_figures
from beam_deid.transforms.risk.measures.risk import Risk


@dataclass(frozen=True)
class ToldRelease:
    """As much of a release as the requirements need whose figures are `told`: its rows are not there.

    Attributes:
        scope: What the label is about.
        risk: The figures of all measures.
        empty: Whether no record was released.
        found: What was found beside the classes.
    """

    scope: Scope
    risk: Risk
    empty: bool
    found: Found

    @classmethod
    def from_document(cls, scope: Scope, label: Mapping[str, Any]) -> "ToldRelease":
        """Read the evidence of a label.

        Args:
            scope: What the label is about, read from it.
            label: The content of ``label.json``.

        Raises:
            AttributeError, LookupError, TypeError, ValueError: The label lacks evidence, or it has another shape.
        """
        found = Found(
            hits=tuple(Hit(**one) for one in label["scan"]),
            recoveries=tuple(Recovery(**one) for one in label["recoveries"]),
            attacks=tuple(Attack.from_document(one) for one in label["attacks"]),
            history=tuple(History(**one) for one in label["history"]),
        )
        return cls(scope, read_figures(label["risk"]), label["records"]["released"] == 0, found)

    @property
    def counted(self) -> bool:
        """Whether it is known whom the records are about."""
        return self.scope.subject is not None

    def figure(self, requirement: Requirement, test: Planned) -> Figure:
        """What a requirement whose figure is `told` makes of the evidence: it looks at nothing else of a release."""
        return requirement.figure(test, self)  # type: ignore[arg-type]
