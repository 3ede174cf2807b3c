"""How a release is decided inside somebody else's program: as it is expected, or not at all."""

from dataclasses import replace

from beam_deid.transforms.clock import now
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision
from beam_deid.transforms.decide.refusing import raise_if_refused
from beam_deid.transforms.errors import ExpectationUnmet
from beam_deid.transforms.label.condition import with_further
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.publish.register_embedded import decide_registered
from beam_deid.transforms.publish.unmet import unmet_told
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.recipients import check_recipients


class StrictDecider:
    """Decides a release. Too many rejects, or another label than is expected, end the program's step.

    Args:
        condition: Under what further condition every label holds.
    """

    def __init__(self, condition: str) -> None:
        self._condition = condition

    def decide(self, job: Job, measured: Measured, max_rejects: float, workers: int) -> Decision:
        """The decision, which is registered where a register is kept.

        Raises:
            InputError: Too many records were rejected.
            ExpectationUnmet: The label is another one than is expected.
            UsageError: The recipient may be given nothing any more, or the release may be kept no longer.
        """
        job = replace(job, at=now())  # a pipeline may go on for years, and what is stated until a day does not
        check_not_over(job.policy, job.releases, job.at)
        check_recipients(job.policy, job.releases)
        if job.register is None:
            return self._checked(job, decide(job, measured, max_rejects, workers=workers))
        return decide_registered(job, measured, max_rejects, workers, lambda made: self._checked(job, made))

    def _checked(self, job: Job, decision: Decision) -> Decision:
        """The decision, if it is one to act on, with the further condition."""
        raise_if_refused(decision.refused)
        for name, release in decision.releases.items():
            _check_expectation(release, job.policy.releases[name].expect)
        releases = {name: self._conditioned(release) for name, release in decision.releases.items()}
        return replace(decision, releases=releases)

    def _conditioned(self, decision: ReleaseDecision) -> ReleaseDecision:
        """The decision with the further condition, which is written wherever the label's own is."""
        condition = with_further(decision.label.condition, self._condition)
        return replace(decision, label=replace(decision.label, condition=condition))


def _check_expectation(decision: ReleaseDecision, expected: str | None) -> None:
    if expected is None or expected == decision.label.label:
        return
    failing = tuple(test.name for test in decision.label.failing)
    raise ExpectationUnmet(
        unmet_told(decision.label.label, expected, failing),
        f"release {decision.release}",
        "Fix the release, or expect the label that it has",
        failing={decision.release: failing},
    )
