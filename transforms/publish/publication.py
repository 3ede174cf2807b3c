"""What was written and proved becomes what is published, and the register is told before and after."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.decide.refusing import raise_if_refused
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.publish.about_run import AboutRun
from beam_deid.transforms.publish.manifests import Beside, Manifests, make_manifests
from beam_deid.transforms.publish.register_session import RegisterSession
from beam_deid.transforms.publish.run_outcome import RunOutcome
from beam_deid.transforms.publish.run_state import STATE, damaged, policy_left, read_left
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.paths import REPORT, name_of, shown
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.sweeping import OUTCOME
from beam_deid.transforms.terms import LabelName

PUBLISHING = "publishing"


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of each release's ``label.json``, also of those that were not published.
        notes: What was made beside it, a sentence each for a person.
        rejects: What was rejected, a line each, where nothing is published that names it.
        reports: The paths below the output of the reports that were published.
    """

    run: dict[str, Any]
    labels: dict[str, dict[str, Any]]
    notes: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()

    @property
    def unmet(self) -> tuple[str, ...]:
        """Releases that did not reach the label they expect."""
        return tuple(name for name, release in self.run["releases"].items() if not release["published"])


def publish(
    staging: Staging,
    key: SigningKey | None,
    facts: Mapping[str, Any],
    session: RegisterSession | None = None,
    reports: Reports = no_reports,
) -> Outcome:
    """Publish what meets its expectation, and tell the register before and after.

    Args:
        staging: The staging folder, with the outcome of the run in it.
        key: What signs the manifests.
        facts: What of ``run.json`` was not known when the run began.
        session: The register of the run, if it keeps one.
        reports: Makes the reports, which are published in the same step.

    Raises:
        InputError: Too many records were rejected.
        UsageError: Something was registered meanwhile that the run was not tested with.
        OutputError: A file is not what was written, or the store fails.
    """
    try:
        outcome, made = _made(staging, key, facts, session, reports)
    except DeidError:
        staging.confirm()  # another run that took the output over swept what was left, and this is why it cannot be read
        raise
    PROGRESS.start(PUBLISHING)
    if made.publishes:
        with STOPPING.whole():
            _publish(staging, made, session, outcome)
    notes = session.notes if session else _not_remembered(made.labels)
    made_reports = tuple(path for path in made.written if name_of(path) == REPORT)
    return Outcome(made.run, made.labels, notes, reports=made_reports)


def _made(
    staging: Staging,
    key: SigningKey | None,
    facts: Mapping[str, Any],
    session: RegisterSession | None,
    reports: Reports,
) -> tuple[RunOutcome, Manifests]:
    """What the run came to, and the manifests that follow from it."""
    state = read_left(staging.path, STATE)
    left = read_left(staging.path, OUTCOME)
    try:
        outcome = RunOutcome.from_document(left)
        raise_if_refused(outcome.refused)
        about = AboutRun.from_document(state["about"])
        previous = session.previous(about.run, outcome.releases) if session else {}
        beside = Beside(policy_left(state), previous, reports)
        return outcome, make_manifests(about, outcome, {**state["facts"], **facts}, key, beside)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise damaged(staging.path) from None


def _not_remembered(labels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What a person is told of releases that nothing remembers."""
    missing = {label["register"]["missing"] for label in labels.values() if label["label"] == LabelName.ANONYMIZED}
    return tuple(f"nothing remembers what was given out: {reason}" for reason in sorted(missing - {""}))


def _publish(staging: Staging, made: Manifests, session: RegisterSession | None, outcome: RunOutcome) -> None:
    """Publish what is made, and tell the register before and after."""
    if session is None:
        staging.publish(made.files, made.written)
        STOPPING.published = shown(staging.output)
        return
    session.announce(staging.path, made.run, made.labels, outcome)
    try:
        staging.publish(made.files, made.written)
    except DeidError:
        if not staging.is_begun:  # else the next command on the output finishes it, or puts the earlier one back
            with contextlib.suppress(DeidError):  # then it stands there as pending, and counts
                session.withdraw()
        raise
    STOPPING.published = shown(staging.output)  # whatever the register says to that
    session.confirm()
