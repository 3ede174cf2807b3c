"""What a run would publish, told before it publishes anything: the outcome of a run that stopped when all was decided."""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.decide.refusing import raise_if_refused
from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.publish.about_run import AboutRun
from beam_deid.transforms.publish.concluding import release_outcome
from beam_deid.transforms.publish.manifests import describe
from beam_deid.transforms.publish.publication import Outcome
from beam_deid.transforms.publish.run_outcome import RunOutcome
from beam_deid.transforms.publish.run_state import read_left
from beam_deid.transforms.release.facts import PartFacts
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import unwritable, write_all
from beam_deid.transforms.storage.paths import join

_FORECAST = "forecast.json"
"""Not the name of a run's own outcome: nobody can publish this."""


def write_forecast(job: Job, decision: Decision, folder: str) -> str:
    """Write down what was decided, for the driver.

    Args:
        job: The run.
        decision: What was decided.
        folder: The driver's folder.

    Returns:
        The path of the document.

    Raises:
        OutputError: It cannot be written.
    """
    releases = {name: release_outcome(job, decided, PartFacts()) for name, decided in decision.releases.items()}
    outcome = RunOutcome(
        decision.read,
        decision.refused,
        releases=releases,
        notes=decision.notes,
        rejects=decision.rejected,
        replaced=decision.replaced,
    )
    path = join(folder, _FORECAST)
    try:
        write_all(path, to_bytes(plain(outcome)))
    except OSError as error:
        raise unwritable(error, "what was decided", folder) from None
    return path


def read_forecast(job: Job, folder: str, facts: Mapping[str, Any]) -> Outcome:
    """What the run would publish.

    Args:
        job: The run.
        folder: The driver's folder.
        facts: Engine, times and input, for ``run.json``.

    Raises:
        InputError: Too many records were rejected.
        OutputError: The document cannot be read.
    """
    return forecast_of(job, read_left_forecast(folder), facts)


def read_left_forecast(folder: str) -> RunOutcome:
    """What `write_forecast` left in a folder.

    Raises:
        OutputError: The document cannot be read.
    """
    return RunOutcome.from_document(read_left(folder, _FORECAST))


def forecast_of(job: Job, outcome: RunOutcome, facts: Mapping[str, Any]) -> Outcome:
    """What a run that comes to this would publish: see `read_forecast`."""
    raise_if_refused(outcome.refused)
    run, labels = describe(AboutRun.of(job), outcome, facts)
    return Outcome(run, labels, rejects=outcome.rejects)
