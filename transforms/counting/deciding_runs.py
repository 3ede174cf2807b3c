"""From what was measured to a decision: in memory where records are few, else bucket by bucket."""

from beam_deid.transforms.counting.classes import Source
from beam_deid.transforms.counting.deciding import decide_release
from beam_deid.transforms.counting.home import home_of
from beam_deid.transforms.decide.deciding import decide_table
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision, Remembered
from beam_deid.transforms.decide.refusing import refusals
from beam_deid.transforms.decide.remembering import remember_persons
from beam_deid.transforms.measure.aside import stream_of
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import Stages, Stream

_WHERE = "deciding"


def decide(job: Job, measured: Measured, max_rejects: float, folder: str = "", workers: int = 1) -> Decision:
    """Decide every release of a run, unless too much of its input was rejected.

    Args:
        job: The run, with its key of fingerprints.
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.
        workers: Processes of this machine that count what was set aside.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: The fingerprints cannot be written, or rows cannot be set aside.
    """
    refused = refusals(measured, max_rejects)
    if refused:
        return Decision(measured.read, refused=refused)
    decided: dict[str, ReleaseDecision] = {}
    persons: list[Remembered] = []
    for names in job.tables:
        stream = measured.aside.get(stream_of(names))
        if stream is not None:
            decided[names[0]] = decide_in_buckets(job, names[0], measured, stream, workers)
            continue
        table, cells = decide_table(job, names, measured, folder)
        decided |= table
        if folder and job.register is not None and not persons:
            persons.append(remember_persons(job, cells, folder))
    releases = {name: decided[name] for name in job.releases}
    return Decision(measured.read, releases, persons=persons[0] if persons else None)


def decide_in_buckets(job: Job, name: str, measured: Measured, records: Stream, workers: int) -> ReleaseDecision:
    """Decide a release whose records were set aside.

    Args:
        job: The run.
        name: The release.
        measured: What the measuring pass found.
        records: The records.
        workers: Processes of this machine that count them.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: Rows cannot be set aside.
    """
    found = measured.releases.get(name, ReleaseMeasured())
    if not records.files:
        return _decided(job, name, measured, found, records, Stages(records.buckets, where=_WHERE))
    with SpillFolder() as folder:
        stages = Stages(records.buckets, folder, workers, _WHERE)
        return _decided(job, name, measured, found, records, stages)


def _decided(
    job: Job, name: str, measured: Measured, found: ReleaseMeasured, records: Stream, stages: Stages
) -> ReleaseDecision:
    home, people = home_of(job, records, stages)
    source = Source(job, job.layouts[name], found, people, home, measured.read - found.rejected)
    return decide_release(source, stages, measured.read)
