"""A run over several tables of one dataset: each is measured, decided, released and proved by itself; all are published at once."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beam_deid.transforms.beam.inputs import input_facts
from beam_deid.transforms.beam.run import STEPS, Settings, end, execute, for_workers, signer_of
from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.joining.tables import PreparedTable, join_tables, notes_of
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.policy.tables import TablesPolicy
from beam_deid.transforms.publish.forecast import forecast_of, read_left_forecast
from beam_deid.transforms.publish.publication import PUBLISHING, Outcome, publish
from beam_deid.transforms.publish.register_opening import consult_register, open_register
from beam_deid.transforms.publish.run_state import write_state
from beam_deid.transforms.publish.table_outcomes import conclude_tables, merged_outcome, staging_of, with_register
from beam_deid.transforms.register.key import forget as forget_register
from beam_deid.transforms.run import workers
from beam_deid.transforms.run.ephemeral_keys import RunKeys
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.recipients import check_recipients, given_to
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.replacing import see_that_it_can_be
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.treat.person_secrets import SECRETS, check_apart, with_person_secrets

JOINING = "joining tables"
"""What a run does before it measures the first table."""


def run_tables(policy: TablesPolicy, tables: Sequence[PreparedTable], output: str, settings: Settings) -> Outcome:
    """Carry out a run over tables and publish what meets its expectation, on this machine's own engine.

    Nothing is published unless everything of every table was written and proved. A release is published whole or not at all.

    Args:
        policy: The policy.
        tables: Its tables, not joined yet.
        output: The output folder.
        settings: How the run is carried out.

    Raises:
        DeidError: See `beam_deid.transforms.errors`; nothing was published.
    """
    started = now()
    clock = time.monotonic()
    see_that_it_can_be(place_of(output), settings.overwrite)
    tables = _pinned(tables, output, settings)
    signer_of(tables[0].prepared)  # before anything is read
    with SpillFolder() as folder:
        PROGRESS.start(JOINING)
        tables = join_tables(tables, folder)
        return _published(policy, tables, output, settings, _facts(tables, settings, started), clock)


def _published(
    policy: TablesPolicy,
    tables: Sequence[PreparedTable],
    output: str,
    settings: Settings,
    facts: Mapping[str, Any],
    clock: float,
) -> Outcome:
    """Carry out the run of each table, and publish all of them."""
    first = tables[0].prepared
    signer = signer_of(first)
    staging = Staging(output, settings.overwrite)
    keys = RunKeys(first.job, staging.path)
    session = None
    try:
        job, session = open_register(
            first.job,
            place_of(output),
            overwrite=settings.overwrite,
            unreleased=settings.unreleased,
            new=settings.new_register,
        )
        jobs = with_register([one.prepared.job for one in tables], job, session)
        keys = RunKeys(jobs[0], staging.path, jobs[1:])
        write_state(staging.path, jobs[0], output, settings.overwrite, facts, session, settings.policy)
        folder = keys.made().key_folder
        try:
            made = _carried_out(_with_jobs(tables, jobs, folder), staging.path, settings)
            joined = [file for one in tables if one.table.name not in made for file in input_facts(one.prepared)]
            conclude_tables(staging.path, made, policy.releases, notes_of(tables), joined)
        finally:
            staging.confirm()  # a run that lost its output fails in many ways, and this is why
        workers.close()  # what they hold is of no use any more
        keys.destroy()  # a label says that they are gone, so nothing is published before they are
        end_of_run = {"finished_at": now(), "seconds": round(time.monotonic() - clock, 3)}
        return publish(staging, signer, end_of_run, session, settings.reports)
    finally:
        end(keys, session, staging)


def dry_run_tables(policy: TablesPolicy, tables: Sequence[PreparedTable], output: str, settings: Settings) -> Outcome:
    """Say what a run over tables would publish: see `beam_deid.transforms.beam.run.dry_run`.

    Raises:
        DeidError: What the run would raise before it publishes.
    """
    started = now()
    place = place_of(output)
    see_that_it_can_be(place, settings.overwrite)
    tables = _pinned(tables, output, settings)
    signer_of(tables[0].prepared)
    with SpillFolder() as folder:
        PROGRESS.start(JOINING)
        tables = join_tables(tables, folder)
        jobs = [one.prepared.job for one in tables]
        keys = RunKeys(jobs[0], folder.path, jobs[1:])
        try:
            first = consult_register(jobs[0], place, unreleased=settings.unreleased, new=settings.new_register)
            jobs = with_register(jobs, first, None)
            ready = _with_jobs(tables, jobs, keys.made().key_folder, folder.file(SECRETS))
            made = _carried_out(ready, folder.path, replace(settings, dry=True))
            left = {staging_of(name): read_left_forecast(_below(folder.path, name)) for name in made}
            outcome = merged_outcome(left, policy.releases, notes_of(tables))
            return forecast_of(jobs[0], outcome, _facts(tables, settings, started))
        finally:
            workers.close()
            keys.discard()
            forget()
            forget_register()


def _pinned(tables: Sequence[PreparedTable], output: str, settings: Settings) -> tuple[PreparedTable, ...]:
    """The tables with the keyring's keys as they are now, once it is seen that all can be had and all may be given out."""
    for job in (one.prepared.job for one in tables):
        check_recipients(job.policy, job.releases)
        check_not_over(job.policy, job.releases, job.at)
        check_apart(job, output)
    pinned = [replace(one.prepared, job=one.prepared.job.pinned()) for one in tables]
    return tuple(
        replace(one, prepared=for_workers(prepared, settings)) for one, prepared in zip(tables, pinned, strict=True)
    )


def _with_jobs(
    tables: Sequence[PreparedTable], jobs: Sequence[Job], key_folder: str, secrets: str = ""
) -> tuple[PreparedTable, ...]:
    """The tables with the jobs of their runs, which know where the keys are that live for the run, and persons' secrets."""
    ready = []
    for one, job in zip(tables, jobs, strict=True):
        kept = with_person_secrets(replace(job, key_folder=key_folder), one.prepared.shards, secrets)
        ready.append(replace(one, prepared=replace(one.prepared, job=kept.job)))
    return tuple(ready)


def _carried_out(tables: Sequence[PreparedTable], staging: str, settings: Settings) -> list[str]:
    """Carry out the run of each table of which something is given out, in a folder of its own; and say which these are."""
    made = []
    for one in tables:
        if one.prepared.job.releases:
            name = one.table.name
            os.makedirs(_below(staging, name), exist_ok=True)
            PROGRESS.plan(_steps(settings), one.prepared.rows, len(one.prepared.shards), name)
            execute(one.prepared, _below(staging, name), settings)
            made.append(name)
    return made


def _steps(settings: Settings) -> tuple[str, ...]:
    return STEPS[:2] if settings.dry else tuple(step for step in STEPS if step != PUBLISHING)


def _below(staging: str, table: str) -> str:
    return join(staging, *staging_of(table).split("/"))


def _facts(tables: Sequence[PreparedTable], settings: Settings, started: str) -> Mapping[str, Any]:
    """What ``run.json`` says of how the run is carried out; what is not known yet is null."""
    files = {shard.path for one in tables for shard in one.prepared.shards}
    shards = sum(len(one.prepared.shards) for one in tables)
    given: dict[str, dict[str, Any]] = {}
    for job in (one.prepared.job for one in tables):
        for what, of_release in given_to(job.policy, job.releases).items():
            given.setdefault(what, {}).update(of_release)
    return {
        **settings.by,
        "engine": settings.runner,
        "started_at": started,
        "finished_at": None,
        "seconds": None,
        "input": {"files": len(files), "shards": shards},
        "tables": {one.table.name: one.to_document() for one in tables},
        **given,
    }
