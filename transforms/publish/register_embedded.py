"""The register of releases that are made inside somebody else's pipeline, which have neither a driver of ours nor an output.

A window's release is registered when it is decided, before any of its rows leaves: whoever has a row has it from a release that
the register knows.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision, Remembered
from beam_deid.transforms.errors import InUse, UsageError
from beam_deid.transforms.label.documents import document_sha256, plain, to_bytes
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.policy.accountability import record_kept_until
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.publish.concluding import label_manifest
from beam_deid.transforms.publish.persons import counted_persons, counts_of
from beam_deid.transforms.publish.register_current import settle
from beam_deid.transforms.publish.register_entries import PolicyFacts, entry_of
from beam_deid.transforms.publish.register_opening import open_register
from beam_deid.transforms.register.document import Document, Entry, Run, State, Table
from beam_deid.transforms.register.folder import Held, hold
from beam_deid.transforms.release.facts import PartFacts
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import join, shown

_OF_ITSELF = ("label", "records", "fields", "risk")
"""What a label says of its release alone, be it decided today or later, when the register knows others."""
PATIENCE = 600.0
"""Seconds that a worker waits for others who use the register."""


def with_register(job: Job) -> Job:
    """The run once it knows its register, which is made if it is not there; or why there is none.

    Raises:
        UsageError: The register is damaged, or another run uses it.
        KeyFault: Its key cannot be had, or is another one.
    """
    place = register_location(job.policy, None, key_given=job.secret is not None)
    if place.missing and job.policy.kept.path not in (None, NO_REGISTER):
        raise UsageError(
            "a register is named, and it needs a key",
            "register",
            "Add keys: {keyring: PATH} or keys: {key: 'env:NAME'}",
        )
    if place.missing:
        return replace(job, unregistered=place.missing)
    job, session = open_register(job, "", overwrite=False, unreleased=False)
    if session is not None:
        with session:
            session.create_if_missing()  # all workers need one id, for its key is made with it
    # What a window finds in the register another attempt at the same window may have put there: nothing is stated by it.
    return job if job.register is None else replace(job, register=replace(job.register, given_out=None))


def decide_registered(
    job: Job, measured: Measured, max_rejects: float, workers: int, check: Callable[[Decision], Decision]
) -> Decision:
    """Decide a window's release, tested with all that is registered, and register it.

    Args:
        job: The run, which keeps a register.
        measured: What was measured.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        workers: Processes of this machine that count what was set aside.
        check: Raises if the decision is not one to act on; the decision to act on.

    Raises:
        UsageError: The register is damaged, not here, or in use for long.
    """
    assert job.register is not None  # noqa: S101 - asked for only where there is one
    with _patiently(job.register.path) as held, tempfile.TemporaryDirectory(prefix="beam-deid-") as folder:
        settle(held)
        document = held.document
        if document is None or document.register != job.register.register:
            raise UsageError(
                "the register is not here, or another is in its place",
                shown(job.register.path),
                "Name a folder that all workers reach, such as s3://…, under register: of the policy",
            )
        job = replace(job, register=replace(job.register, entries=document.tested))
        decision = check(decide(job, measured, max_rejects, folder, workers))
        _register(held, document, job, decision, folder)
        return decision


def _patiently(path: str) -> Held:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return hold(path)
        except InUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _register(held: Held, document: Document, job: Job, decision: Decision, folder: str) -> None:
    made_at = now()
    entries: dict[str, Entry] = {}
    for name, decided in decision.releases.items():
        label = json.loads(to_bytes(label_manifest(job, decided, PartFacts()).to_document()))
        sha256 = document_sha256({key: label[key] for key in _OF_ITSELF})
        if _known(document, job, decision, name, sha256):
            continue  # a worker made this again, after another attempt had registered it
        entry = _entry(held, document.next_name(name), job, decided, label, made_at, folder)
        entries[entry.name] = replace(entry, state=State.PUBLISHED, label_sha256=sha256)
    if not entries:
        return
    persons = None if decision.persons is None else _table(held, "persons", decision.persons, folder)
    run = _run(held, job, decision, made_at, persons, folder)
    held.save(replace(document.with_entries(entries), runs=(*document.runs, run)))


def _run(held: Held, job: Job, decision: Decision, made_at: str, persons: Table | None, folder: str) -> Run:
    special = None if decision.special is None else _table(held, "special", decision.special, folder)
    counted = counted_persons(job, decision.persons, decision.special)
    return Run(
        job.run,
        made_at,
        persons,
        special,
        subject=counted["subject"] if counted else "",
        counts=counts_of(counted),
        kept_until=record_kept_until(made_at),
    )


def _known(document: Document, job: Job, decision: Decision, release: str, label_sha256: str) -> bool:
    """Whether the very same release stands there already: all its records, at the same levels.

    Of one without fingerprints of its records, its label and the persons of its run must be the same.
    """
    remembered = decision.releases[release].remembered
    same = [entry for entry in document.releases if (entry.run, entry.release) == (job.run, release)]
    if remembered is not None:
        return any(entry.table is not None and entry.table.sha256 == remembered.file.sha256 for entry in same)
    persons = None if decision.persons is None else decision.persons.file.sha256
    made = {run.made_at for run in document.runs if run.run == job.run and _sha256_of(run.persons) == persons}
    return any(entry.table is None and entry.label_sha256 == label_sha256 and entry.made_at in made for entry in same)


def _sha256_of(table: Table | None) -> str | None:
    return None if table is None else table.sha256


def _entry(
    held: Held, name: str, job: Job, decided: ReleaseDecision, label: Mapping[str, Any], made_at: str, folder: str
) -> Entry:
    told = PolicyFacts.of(job.policy, decided.release)
    remembered = decided.remembered
    table = None if remembered is None else _table(held, name, remembered, folder)
    consent = None if decided.consent is None else plain(decided.consent)
    return entry_of(name, label, made_at, told, remembered, table, consent)


def _table(held: Held, name: str, remembered: Remembered, folder: str) -> Table:
    written = remembered.file
    path = join(folder, *written.path.split("/"))
    return Table(held.add(path, name, written.sha256), written.rows, written.size, written.sha256)
