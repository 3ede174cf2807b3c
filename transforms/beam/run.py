"""A whole run on files: measure, decide, release, prove as one Beam pipeline, then publication by the driver."""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult

from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.decide import WHERE as DECIDING
from beam_deid.transforms.beam.engine import Engine
from beam_deid.transforms.beam.forecast_sink import ForecastSink
from beam_deid.transforms.beam.inputs import HashInputs
from beam_deid.transforms.beam.measure import MeasureElements
from beam_deid.transforms.beam.parts_sink import ASSEMBLING, PartsSink, Prove
from beam_deid.transforms.beam.release import ReleaseElements
from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.beam.sink import Sink
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import signing_key
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import DeidError, InternalFault, fault_of, from_text
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.measure.aside import Aside
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.policy.canonical import policy_yaml
from beam_deid.transforms.publish.forecast import read_forecast
from beam_deid.transforms.publish.publication import PUBLISHING, Outcome, publish
from beam_deid.transforms.publish.register_opening import consult_register, open_register
from beam_deid.transforms.publish.register_session import RegisterSession
from beam_deid.transforms.publish.run_state import write_state
from beam_deid.transforms.register.key import forget as forget_register
from beam_deid.transforms.run import workers
from beam_deid.transforms.run.engines import LOCAL, is_here, takes_jobs
from beam_deid.transforms.run.ephemeral_keys import RunKeys
from beam_deid.transforms.run.recipients import check_recipients, given_to
from beam_deid.transforms.run.shards import Prepared
from beam_deid.transforms.run.shipping import check_reach, shipped
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.replacing import see_that_it_can_be
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.treat.person_secrets import SECRETS, check_apart, with_person_secrets
from beam_deid.transforms.who import operator_here

ASIDE = Bounds()
"""How many records of files are counted in memory, and how many a bucket has that measuring fills."""

STEPS = (MeasureElements.where, DECIDING, ReleaseElements.where, ASSEMBLING, Prove.where, PUBLISHING)
"""What a run does, one after the other, as `PROGRESS` is told of it."""

LEFT = "Stopped while the engine was given the run. Nothing was published; see whether the engine has a job of it, and cancel it"
"""What is told where nobody waits until the engine has answered."""


@dataclass(frozen=True)
class Settings:
    """How a run is carried out; none of it changes a byte of a part.

    Attributes:
        runner: Name of the engine.
        beam_options: Beam's own options, as on a command line.
        workers: Processes on this machine; 1 means none beside this one.
        max_rejects: Greatest share of records that may be rejected.
        overwrite: Whether an earlier run's output may be replaced.
        unreleased: Whether what is replaced was never given out.
        new_register: Whether a new register may be made for a dataset that had one.
        dry: Whether the run stops when all is decided, and publishes nothing.
        by: Who carries it out, and how it was called, as ``run.json`` says it.
        policy: The bytes of the policy's file, which are published with it; where there is no file the policy is written out.
        reports: Makes the reports.
    """

    runner: str = LOCAL
    beam_options: tuple[str, ...] = ()
    workers: int = 1
    max_rejects: float = 0.001
    overwrite: bool = False
    unreleased: bool = False
    new_register: bool = False
    dry: bool = False
    by: Mapping[str, Any] = field(default_factory=lambda: {"operator": operator_here()._asdict()})
    policy: bytes | None = None
    reports: Reports = no_reports


def build(
    pipeline: beam.Pipeline,
    prepared: Prepared,
    staging: str,
    settings: Settings,
    aside: Aside | None = None,
    folder: str = "",
) -> None:
    """Put a run's steps on a pipeline: a read, a decision, and a second read of what could not be released before it.

    Args:
        pipeline: The pipeline.
        prepared: The run.
        staging: The staging folder.
        settings: How it is carried out.
        aside: Where measured records wait that are counted in buckets; None where all are counted in memory.
        folder: A private folder for what goes with the run.
    """
    job = prepared.job
    register_coders()
    shards = (
        pipeline
        | "Shards" >> beam.Create(list(prepared.shards), reshuffle=False)
        | "Spread" >> beam.Reshuffle()  # descriptors only; a read from a source would not run in parallel everywhere
    )
    # A dry run's register that is not there yet has no key: see `publish.register_opening.consult_register`.
    is_unmade = settings.dry and job.register is not None and job.register.is_new
    secret = pipeline | "Secret" >> RunSecret(job, is_unmade, folder)
    sink: Sink
    if settings.dry:
        sink = ForecastSink(job, staging)
    else:
        sink = PartsSink(job, staging, settings.workers, pipeline | "Inputs" >> HashInputs(prepared))
    is_local = settings.runner == LOCAL
    source = Source.files(settings.workers, settings.workers if is_local else None, aside, "" if is_local else staging)
    _ = (shards, secret) | "Records" >> Engine(job, source, sink, settings.max_rejects)


def run(prepared: Prepared, output: str, settings: Settings) -> Outcome:
    """Carry out a run and publish what meets its expectation.

    Nothing is published unless everything was written and proved.

    Raises:
        DeidError: See `beam_deid.transforms.errors`; nothing was published.
    """
    check_recipients(prepared.job.policy, prepared.job.releases)
    started = prepared.job.at
    clock = time.monotonic()
    check_not_over(prepared.job.policy, prepared.job.releases, started)
    here = is_here(settings.runner, settings.beam_options)
    if not here:
        corrections = () if prepared.job.corrections is None else prepared.job.corrections.shards
        paths = [output, *(shard.path for shard in (*prepared.shards, *corrections))]
        check_reach(prepared.job.policy, paths, prepared.job.releases, settings.runner)
        output = pinned(output)  # staging is below it, and its workers find it by its path alone
    prepared = for_workers(replace(prepared, job=prepared.job.pinned()), settings)
    check_apart(prepared.job, output)
    signer = signer_of(prepared)
    staging = Staging(output, settings.overwrite, shared=not here)
    keys = RunKeys(prepared.job, staging.path)
    session = None
    try:
        job, session = open_register(
            prepared.job,
            place_of(output),
            overwrite=settings.overwrite,
            unreleased=settings.unreleased,
            new=settings.new_register,
        )
        prepared = replace(prepared, job=job)
        keys = RunKeys(job, staging.path)
        facts = _facts(prepared, settings, started)
        text = policy_yaml(job.policy) if settings.policy is None else settings.policy
        write_state(staging.path, prepared.job, output, settings.overwrite, facts, session, text)
        prepared = replace(prepared, job=with_person_secrets(keys.made(), prepared.shards).job)
        try:
            execute(prepared, staging.path, settings)
        finally:
            staging.confirm()  # a run that lost its output fails in many ways, and this is why
        workers.close()  # what they hold is of no use any more
        keys.destroy()  # a label says that they are gone, so nothing is published before they are
        end_of_run = {"finished_at": now(), "seconds": round(time.monotonic() - clock, 3)}
        return publish(staging, signer, end_of_run, session, settings.reports)
    finally:
        end(keys, session, staging)


def end(keys: RunKeys, session: RegisterSession | None, staging: Staging) -> None:
    """Let go of all that a run holds, whether it was published or not."""
    workers.close()
    keys.discard()
    forget()
    forget_register()
    try:
        if session is not None:
            session.close()
    finally:
        staging.discard()  # last, for a folder goes with it that was made for both


def dry_run(prepared: Prepared, output: str, settings: Settings) -> Outcome:
    """Say what a run would publish, and under which labels. Nothing is written but to a private folder, which goes again.

    Raises:
        DeidError: What the run would raise before it publishes.
    """
    check_recipients(prepared.job.policy, prepared.job.releases)
    started = prepared.job.at
    check_not_over(prepared.job.policy, prepared.job.releases, started)
    place = place_of(output)
    see_that_it_can_be(place, settings.overwrite)
    prepared = for_workers(replace(prepared, job=prepared.job.pinned()), settings)
    check_apart(prepared.job, output)
    signer_of(prepared)
    with SpillFolder() as folder:
        keys = RunKeys(prepared.job, folder.path)
        try:
            job = consult_register(prepared.job, place, unreleased=settings.unreleased, new=settings.new_register)
            keys = RunKeys(job, folder.path)
            kept = with_person_secrets(keys.made(), prepared.shards, folder.file(SECRETS))
            prepared = replace(prepared, job=kept.job)
            execute(prepared, folder.path, replace(settings, dry=True))
            return read_forecast(job, folder.path, _facts(prepared, settings, started))
        finally:
            workers.close()
            keys.discard()
            forget()
            forget_register()


def for_workers(prepared: Prepared, settings: Settings) -> Prepared:
    """The run as its workers need it, wherever they are.

    Raises:
        KeyFault: A key cannot be had here, where it is needed.
    """
    if settings.runner != LOCAL:
        return shipped(prepared)
    prepared.job.check_keys()  # before anything is read; elsewhere the keys may be the workers' alone
    return prepared


def _facts(prepared: Prepared, settings: Settings, started: str) -> dict[str, Any]:
    """What ``run.json`` says of how the run is carried out; what is not known yet is null."""
    files = len({shard.path for shard in prepared.shards})
    return {
        **settings.by,
        "engine": settings.runner,
        "started_at": started,
        "finished_at": None,
        "seconds": None,
        "input": {"files": files, "shards": len(prepared.shards), **prepared.found.to_document()},
        **given_to(prepared.job.policy, prepared.job.releases),
        **_corrections(prepared),
    }


def _corrections(prepared: Prepared) -> dict[str, Any]:
    """The file of corrected records, as ``run.json`` names it."""
    file = prepared.job.corrections
    return {} if file is None else {"corrections": {"name": file.told, "size": file.size, "sha256": file.sha256}}


def signer_of(prepared: Prepared) -> SigningKey | None:
    """What signs the run, opened before anything is read; this process signs, and no worker ever has the key."""
    policy = prepared.job.policy
    if policy.sign is None or policy.keys is None or policy.keys.keyring is None:
        return None
    return signing_key(policy.keys.keyring)


def execute(prepared: Prepared, staging: str, settings: Settings) -> None:
    """Carry out a run's steps, up to what it leaves in staging for publication.

    Raises:
        DeidError: See `beam_deid.transforms.errors`.
    """
    with SpillFolder() as folder:
        try:
            pipeline = empty_pipeline(settings, folder)
            build(pipeline, prepared, staging, settings, _aside(prepared, settings, folder), folder.path)
            result, stopping = _begun(pipeline, settings.runner)
            result.wait_until_finish()
            STOPPING.forget(stopping)
        except DeidError as error:
            raise ours(error, settings.runner) from None
        except Exception as error:
            raise ours(error, settings.runner) from None


def _begun(pipeline: beam.Pipeline, runner: str) -> tuple[PipelineResult, int]:
    """A pipeline that runs, and the number by which `STOPPING` knows how it is cancelled.

    A signal between both would leave a job on a cluster that nobody knows of. An engine without jobs comes back only when all is
    done, and ends with this process.
    """
    is_job = takes_jobs(runner)
    with STOPPING.whole(if_cut=LEFT) if is_job else contextlib.nullcontext():
        result = pipeline.run()
        return result, STOPPING.add(result.cancel)


def empty_pipeline(settings: Settings, folder: SpillFolder) -> beam.Pipeline:
    """An empty pipeline, whose own folder for temporary files is in one that the next run sweeps if this one is killed."""
    local = settings.runner == LOCAL
    options = list(settings.beam_options) + ([] if local else [f"--runner={settings.runner}"])
    with STOPPING.whole(short=True):
        pipeline = beam.Pipeline(FnApiRunner() if local else None, options=PipelineOptions(options))
        os.rmdir(pipeline.local_tempdir)
        pipeline.local_tempdir = folder.file("beam")
        os.mkdir(pipeline.local_tempdir)
    return pipeline


def _aside(prepared: Prepared, settings: Settings, folder: SpillFolder) -> Aside | None:
    """Where measured records wait if they are many. Workers on other machines have no folder of this one."""
    if settings.runner != LOCAL or prepared.most_rows <= ASIDE.few:
        return None
    return Aside(folder.path, ASIDE.buckets(prepared.most_rows))


def ours(error: Exception, runner: str) -> DeidError:
    """The error of ours behind whatever an engine raised. Beam appends the step's name to an exception's text."""
    found = from_text(str(error)) or from_text(" ".join(map(str, error.args)))
    if found is not None:
        return found
    fault = fault_of(error, "engine")
    if isinstance(fault, InternalFault) and fault is not error and runner != LOCAL:
        what = f"{runner} ended the run ({type(error).__name__})"
        return InternalFault(
            what, "engine", "See what the engine and its job service say, in their logs, and run again"
        )
    return fault
