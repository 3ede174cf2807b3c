"""A run with all its releases, as documents speak of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import given_to
from beam_deid.transforms.policy.accountability import record_kept_until


@dataclass(frozen=True)
class WholeRun:
    """What is known of a run, or of one assessment.

    Attributes:
        evidences: What is known of each release; one at least.
    """

    evidences: Sequence[Evidence]

    @property
    def run(self) -> Mapping[str, Any]:
        """The content of ``run.json``; empty of an assessment, which has none."""
        return self.evidences[0].run or {}

    @property
    def first(self) -> Mapping[str, Any]:
        """The label of the first release, for what all labels of a run say alike."""
        return self.evidences[0].label

    @property
    def id(self) -> str:
        """The run's number."""
        return str(self.run.get("run") or self.first.get("run") or "")

    @property
    def dataset(self) -> str:
        """The dataset's name; empty where nothing says it."""
        return str(self.run.get("dataset", ""))

    @property
    def ended_at(self) -> str:
        """When it was over, ISO 8601."""
        return str(self.run.get("finished_at") or self.run.get("started_at") or self.first["decided_at"])

    @property
    def kept_until(self) -> str:
        """The day until which its record is kept at least."""
        return str(self.run.get("kept_until") or record_kept_until(self.ended_at))


def names_of(evidences: Sequence[Evidence]) -> set[str]:
    """All names of the data and its people that a document's texts may have in them: no language has words for them."""
    run = WholeRun(evidences)
    recipients = {given.name for one in evidences if (given := given_to(one)) is not None}
    return {name for one in evidences for name in one.names} | recipients | ({run.dataset} if run.dataset else set())
