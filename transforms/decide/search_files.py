"""The search for a release's levels on files: one read, in processes of this machine."""

from dataclasses import replace

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.refusing import raise_if_refused, refusals
from beam_deid.transforms.decide.search_outcome import SearchOutcome
from beam_deid.transforms.decide.search_release import Asked, search_release
from beam_deid.transforms.decide.sensitive import by_values
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import MeasurePass
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.shards import Prepared
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.workers import Shared, Tasks, guarded
from beam_deid.transforms.treat.passes import pass_over
from beam_deid.transforms.treat.person_secrets import SECRETS, with_person_secrets

WHERE = "searching"
MEASURING = "measuring"

STEPS = (MEASURING, WHERE)
"""What a search does, one after the other, as `PROGRESS` is told of it."""


def search_files(prepared: Prepared, workers: int, max_rejects: float, asked: Asked) -> SearchOutcome:
    """Search the levels of the one release of a job.

    Args:
        prepared: The job and its shards.
        workers: Processes that read.
        max_rejects: Greatest share of records that may be rejected.
        asked: What else is searched for.

    Raises:
        UsageError: No level is open.
        InputError: Too much was rejected, or no record is left.
        KeyFault: An action that decides which records are rejected needs a key that cannot be resolved.
    """
    with SpillFolder() as folder:
        job = with_consents(replace(prepared.job.pinned(), fingerprint_key=FingerprintKey.new()), folder.path)
        job = with_person_secrets(job, prepared.shards, folder.file(SECRETS)).job
        return _searched(job, prepared, workers, max_rejects, asked)


def _searched(job: Job, prepared: Prepared, workers: int, max_rejects: float, asked: Asked) -> SearchOutcome:
    (release,) = job.releases
    if not job.layouts[release].open:
        raise UsageError(
            "no level is open, so there is nothing to search",
            f"release {release}",
            "Leave level out of a field's generalize",
        )
    PROGRESS.start(MEASURING, reads=True)
    tasks = Tasks(workers, MEASURING)
    told = Shared(MeasurePass(job))
    parts = []
    for shard in prepared.shards:
        for part in tasks.submit(pass_over, shard, told):
            PROGRESS.add_shard()
            parts.append(part)
    for part in tasks.rest():
        PROGRESS.add_shard()
        parts.append(part)
    measured = Measured.merge(parts)
    raise_if_refused(refusals(measured, max_rejects, job.policy))
    found = measured.releases.get(release)
    histogram = measured.histograms.get((release,))
    if found is None or histogram is None or found.rejected + found.withheld.total() == measured.read:
        raise InputError("there is no record to search levels for", "input", "Check the files")
    job = by_values(job, measured)
    PROGRESS.start(WHERE)
    outcome: SearchOutcome = guarded(WHERE, search_release, job, release, found, histogram, measured.read, asked)
    return outcome
