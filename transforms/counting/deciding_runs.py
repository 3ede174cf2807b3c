"""From what was measured to a decision: in memory where records are few, else bucket by bucket."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from beam_deid.transforms.consent.notes import filter_notes, ledger_notes
from beam_deid.transforms.counting.classes import MOST_ROWS, Source
from beam_deid.transforms.counting.composing import Composer
from beam_deid.transforms.counting.deciding import decide_releases
from beam_deid.transforms.counting.earlier import earlier_of
from beam_deid.transforms.counting.home import home_of
from beam_deid.transforms.counting.remembering import remember_persons_in_buckets
from beam_deid.transforms.decide.deciding import decide_table, layout_of
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision, Remembered
from beam_deid.transforms.decide.erasure_notes import erasure_notes
from beam_deid.transforms.decide.refusing import check_replaced, refusals, rejected
from beam_deid.transforms.decide.remembering import remember_persons, remember_special
from beam_deid.transforms.decide.sensitive import by_values, told
from beam_deid.transforms.measure.aside import stream_of
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.policy.accountability import lapsed_statements
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import Stages, Stream
from beam_deid.transforms.run.zones import zone_notes

_WHERE = "deciding"


def decide(
    job: Job,
    measured: Measured,
    max_rejects: float,
    folder: str = "",
    workers: int = 1,
    most_rows: int = MOST_ROWS,
) -> Decision:
    """Decide every release of a run, unless too much of its input was rejected, or its files have no row.

    Args:
        job: The run, with its key of fingerprints.
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.
        workers: Processes of this machine that count what was set aside.
        most_rows: Most rows of a bucket of whole groups; a few groups that are more are spread over all buckets.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: The fingerprints cannot be written, or rows cannot be set aside.
    """
    check_replaced(measured, job)
    refused = refusals(measured, max_rejects, job.policy)
    if refused:
        return Decision(measured.read, refused=refused)
    declared = job
    job = by_values(declared, measured)
    decided: dict[str, ReleaseDecision] = {}
    persons: Remembered | None = None
    special: Remembered | None = None
    wanted = bool(folder) and job.register is not None
    for names in job.tables:
        stream = measured.aside.get(stream_of(names))
        if stream is None:
            table, cells = decide_table(job, names, measured, folder)
            decided |= table
            if wanted and persons is None:
                persons = remember_persons(job, cells, folder)
                special = remember_special(job, cells, folder)
            continue
        with _stages(stream, workers) as stages:
            sources, composer = _sources(job, names, measured, stream, stages, most_rows)
            decided |= decide_releases(sources, composer, stages, measured.read, folder)
            if wanted and persons is None:
                persons, special = remember_persons_in_buckets(sources[names[0]], stages, folder)
    releases = {name: _with_consent(job, decided[name]) for name in job.releases}
    return Decision(
        measured.read,
        releases,
        persons=persons,
        special=special,
        notes=(
            *measured.noticed.told(job.policy),
            *zone_notes(job.policy, job.types),
            *told(declared, job, measured),
            *lapsed_statements(job.policy, job.releases, job.at),
            *_gate_notes(job, releases),
        ),
        rejected=rejected(measured, job.policy),
        replaced=measured.noticed.replaced.total(),
    )


@contextlib.contextmanager
def _stages(records: Stream, workers: int) -> Iterator[Stages]:
    """What runs tasks over records: in memory where these are there, else with files of its own."""
    if not records.files:
        yield Stages(records.buckets, where=_WHERE)
        return
    with SpillFolder() as folder:
        yield Stages(records.buckets, folder, workers, _WHERE)


def _gate_notes(job: Job, releases: Mapping[str, ReleaseDecision]) -> Iterator[str]:
    """What a person should know of the records that are withheld."""
    for name, decided in releases.items():
        records = decided.records
        yield from filter_notes(name, records)
        yield from erasure_notes(job, decided)
        if decided.consent is not None:
            yield from ledger_notes(name, decided.consent, records.eligible, records.withheld_by)


def _with_consent(job: Job, decided: ReleaseDecision) -> ReleaseDecision:
    consented = job.consents.get(decided.release)
    return decided if consented is None else replace(decided, consent=consented.facts)


def _sources(
    job: Job, names: tuple[str, ...], measured: Measured, records: Stream, stages: Stages, most_rows: int
) -> tuple[dict[str, Source], Composer]:
    """Releases whose records were set aside, and what asks what they say together."""
    home, people = home_of(job, records, stages)
    earlier = earlier_of(job, home, people, names, stages)
    layouts = {name: layout_of(job, name, earlier.past) for name in names}
    composer = Composer(job, layouts, home, people, earlier, stages)
    sources = {}
    for name, layout in layouts.items():
        found = measured.releases.get(name, ReleaseMeasured())
        sound = measured.read - found.rejected - found.withheld.total()
        sources[name] = Source(job, layout, found, people, home, sound, most_rows, earlier.past, composer.asks)
    return sources, composer
