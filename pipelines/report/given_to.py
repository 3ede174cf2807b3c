"""To whom releases are given, as their run and their policy declare it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.policy_text import release_text
from beam_deid.transforms.policy.recipients import folded


@dataclass(frozen=True)
class Given:
    """To whom a release is given.

    Attributes:
        name: The recipient's name.
        declared: What the policy declares of it; empty where it only names it.
    """

    name: str
    declared: Mapping[str, Any]

    @property
    def role(self) -> str:
        """What it is in law; empty where nobody says it."""
        return str(self.declared.get("role", ""))

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same for two releases that are given to the same recipient under the same contract."""
        return folded(self.name), self.role, folded(str(self.declared.get("contract", "")))


def given_to(evidence: Evidence) -> Given | None:
    """To whom a release is given; None where nobody says it."""
    declared = (evidence.run or {}).get("recipients", {}).get(evidence.name)
    if declared is not None:
        return Given(str(declared["name"]), declared)
    named = _named(evidence)
    return None if named is None else Given(named, {})


def _named(evidence: Evidence) -> str | None:
    """The recipient that a policy names without declaring it; None where it names none, or cannot be read."""
    named = release_text(evidence.policy, evidence.name).get("recipient")
    return named if isinstance(named, str) else None
