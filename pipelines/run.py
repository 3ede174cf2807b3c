"""``beam-deid run``: files in, labelled releases out."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.completing import complete_folder, complete_release
from beam_deid.pipelines.early import see_the_output, see_the_policy
from beam_deid.pipelines.engine_options import EngineCommand, beam_options
from beam_deid.pipelines.recording import operator_of, operator_option
from beam_deid.transforms.errors import ExpectationUnmet, InputError, InternalFault, OutputError, UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.publish.publication import Outcome


@click.command(
    cls=EngineCommand,
    epilog="""\b
Examples:
  beam-deid run policy.yaml --input 'orders/*.csv' --output out
  beam-deid run policy.yaml -i orders.parquet -o out --release analytics --overwrite
  beam-deid run policy.yaml -i orders.parquet -o out --overwrite --unreleased
  beam-deid run policy.yaml -i 'orders/*.csv' -o out --dry-run
  beam-deid run policy.yaml -i 's3://bucket/orders/*.parquet' -o s3://bucket/out \\
      --runner FlinkRunner -- --flink_master=localhost:8081

Exit codes: 0 published as expected, 1 internal fault, 2 policy or usage, 3 input beyond the allowed rejects,
4 a release did not reach the label it expects.""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option(
    "--output",
    "-o",
    required=True,
    metavar="DIR",
    help="Where to publish: a folder that is not there, or empty.",
    shell_complete=complete_folder,
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    metavar="NAME",
    help="Make only this release; repeatable.",
    shell_complete=complete_release,
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace the run in DIR once the new one is whole: all of it, also a release that is not published anew. "
    "If nothing new is published, it stays.",
)
@click.option(
    "--unreleased",
    is_flag=True,
    help="With --overwrite: nobody was ever given what is replaced, so it is not tested with; the register notes that.",
)
@click.option(
    "--new-register",
    is_flag=True,
    help="Begin a new register where one is gone: nothing is tested with what was given out before.",
)
@click.option(
    "--dry-run", is_flag=True, help="Read, measure and decide; say what would be published, and write nothing."
)
@options.as_of_option
@click.option(
    "--corrections",
    metavar="FILE",
    help="Corrected records, as they were given to beam-deid correct: each stands in place of what the input says of it.",
)
@click.option(
    "--max-rejects",
    type=options.Portion(),
    default=0.001,
    show_default=True,
    metavar="SHARE",
    help="Greatest share of records that may be rejected.",
)
@operator_option
@options.workers_option
@click.option("--runner", default=None, metavar="NAME", help="Beam engine; its options follow behind --.")
@options.verbose_option
@options.json_option
@click.pass_context
def run(
    context: click.Context,
    policy: str,
    inputs: tuple[str, ...],
    output: str,
    releases: tuple[str, ...],
    overwrite: bool,
    unreleased: bool,
    new_register: bool,
    dry_run: bool,
    as_of: int | None,
    corrections: str | None,
    max_rejects: float,
    operator: str | None,
    workers: int | None,
    runner: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Treat every field of the input as POLICY says, test the result, and publish it with its label.

    Where POLICY has tables, each --input says of which its files are: --input orders='orders/*.csv'.
    """
    see_the_policy(policy)
    see_the_output(output, overwrite)
    from beam_deid.pipelines.calling import about_call
    from beam_deid.transforms.policy.key_sources import key_sources
    from beam_deid.transforms.policy.reader import read_policy_file
    from beam_deid.transforms.policy.tables import TablesPolicy

    read, text = read_policy_file(policy)
    who = operator_of(operator, () if operator is None else key_sources(read))
    by = about_call(context, policy, text, who)
    if isinstance(read, TablesPolicy):
        from beam_deid.pipelines.tables import Options, run_on_tables

        if runner is not None or beam_options(context):
            what = "tables are joined on this machine, and other engines cannot reach what lies beside them"
            raise UsageError(what, "--runner", "Leave it out")
        if corrections is not None:
            what = "records are not corrected yet where the policy has tables"
            raise UsageError(what, "--corrections", "Correct them in the files of the tables")
        asked = Options(
            releases, overwrite, unreleased, new_register, max_rejects, workers, dry_run, verbose, by, as_of, text
        )
        run_on_tables(read, inputs, output, as_json, asked)
        return
    carry_out(
        read,
        inputs,
        output,
        as_json,
        releases=releases,
        overwrite=overwrite,
        unreleased=unreleased,
        new_register=new_register,
        max_rejects=max_rejects,
        workers=workers,
        runner=runner,
        beam_options=beam_options(context),
        dry=dry_run,
        verbose=verbose,
        by=by,
        as_of=as_of,
        text=text,
        corrections=corrections,
    )


def carry_out(
    policy: "Policy",
    inputs: tuple[str, ...],
    folder: str,
    as_json: bool,
    *,
    releases: tuple[str, ...] = (),
    overwrite: bool = False,
    unreleased: bool = False,
    new_register: bool = False,
    max_rejects: float = 0.001,
    workers: int | None = None,
    runner: str | None = None,
    beam_options: tuple[str, ...] = (),
    dry: bool = False,
    verbose: bool = False,
    by: Mapping[str, Any] | None = None,
    as_of: int | None = None,
    text: bytes | None = None,
    corrections: str | None = None,
) -> dict[str, Any]:
    """Run, show what came out, and return ``run.json``.

    Raises:
        ExpectationUnmet: A release did not reach the label that it expects; the others are published.
    """
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.corrections import with_corrections
    from beam_deid.transforms.run.engines import LOCAL
    from beam_deid.transforms.run.heap import keep_freed
    from beam_deid.transforms.run.shards import prepare

    check_replacing(overwrite, unreleased)
    engine = runner or LOCAL
    if engine != LOCAL or beam_options:
        from beam_deid.transforms.beam.engine_check import check_engine  # which loads Beam

        check_engine(engine, beam_options)
    if dry:
        _check_here(engine, beam_options)
    paths = [*inputs, folder] if corrections is None else [*inputs, folder, corrections]
    _check_reach(policy, paths, releases, engine, beam_options)
    prepared = prepare(policy, inputs, releases, as_of)
    if corrections is not None:
        prepared = with_corrections(prepared, corrections)
    output.note(prepared.found.told())
    output.warn(prepared.passed_over)
    count = options.worker_count(workers, len(prepared.shards)) if engine == LOCAL else 1
    pool.warm(count)  # while this process loads Beam
    keep_freed()
    from beam_deid.transforms.beam.run import STEPS, Settings, dry_run
    from beam_deid.transforms.beam.run import run as run_job

    settings = Settings(engine, beam_options, count, max_rejects, overwrite, unreleased, new_register)
    settings = replace(settings, policy=text, reports=reports)
    settings = settings if by is None else replace(settings, by=by)
    earlier = releases_in(folder) if overwrite else ()
    first = "starting" if engine == LOCAL else f"running on {engine}"
    steps = STEPS[:2] if dry else STEPS
    with output.progress(steps, prepared.rows, len(prepared.shards), first), saying_what_became():
        outcome = dry_run(prepared, folder, settings) if dry else run_job(prepared, folder, settings)
    show(outcome, folder, as_json, dry=dry, verbose=verbose, earlier=earlier)
    return outcome.run


def check_replacing(overwrite: bool, unreleased: bool) -> None:
    """See that what is said to be unreleased is replaced.

    Raises:
        UsageError: Nothing is.
    """
    if unreleased and not overwrite:
        raise UsageError(
            "nothing is replaced, so nothing can be unreleased", "--unreleased", "Add --overwrite, or leave it out"
        )


def releases_in(folder: str) -> tuple[str, ...]:
    """The releases that a run published in a folder; none where no run did."""
    from beam_deid.transforms.label.reading import read_manifest
    from beam_deid.transforms.storage.files import is_file
    from beam_deid.transforms.storage.paths import join

    path = join(folder, "run.json")
    run = read_manifest(path)[0] if is_file(path) else None
    releases = (run or {}).get("releases")
    return tuple(name for name, one in releases.items() if one.get("published")) if isinstance(releases, dict) else ()


@contextlib.contextmanager
def saying_what_became() -> Iterator[None]:
    """Let the message of a run that failed say what was published: nothing, or all of it where only the register is not told."""
    from beam_deid.transforms.storage.stopping import STOPPING

    try:
        yield
    except (InputError, InternalFault, OutputError) as error:
        if STOPPING.is_begun:
            raise
        became = f"{STOPPING.published} is published, and whole" if STOPPING.published else "Nothing was published"
        told = ". ".join(filter(None, [error.next_step, became]))
        raise type(error)(error.what, error.where, told) from None


def _check_here(engine: str, beam_options: tuple[str, ...]) -> None:
    """See that a dry run can be told what was decided: workers elsewhere would have to write it down where all can read it."""
    from beam_deid.transforms.run.engines import is_here

    if not is_here(engine, beam_options):
        what = (
            f"a dry run writes nothing, so that workers of {engine} on other machines could not tell what they decide"
        )
        raise UsageError(what, "--dry-run", "Leave out --runner: every engine decides the same")


def _check_reach(
    policy: "Policy", paths: list[str], releases: tuple[str, ...], engine: str, beam_options: tuple[str, ...]
) -> None:
    """See that an engine whose workers are elsewhere reaches the files and keys."""
    from beam_deid.transforms.run.engines import is_here
    from beam_deid.transforms.run.shipping import check_reach

    if not is_here(engine, beam_options):
        made = [name for name in policy.releases if not releases or name in releases]
        check_reach(policy, paths, made, engine)


def show(
    outcome: "Outcome", folder: str, as_json: bool, *, dry: bool, verbose: bool, earlier: tuple[str, ...] = ()
) -> None:
    """Show what a run came to; ``earlier`` are the releases that were in the output before.

    Raises:
        ExpectationUnmet: A release did not reach the label that it expects.
    """
    from beam_deid.pipelines.views.outcome import show_outcome

    output.warn(outcome.run.get("notes", ()))
    if outcome.rejects:
        output.warn(["\n".join(outcome.rejects)])
    out = output.console(as_json)
    show_outcome(out, outcome, folder, dry=dry, verbose=verbose, earlier=earlier)
    if as_json:
        output.emit({**({"dry_run": True} if dry else {}), "run": outcome.run, "labels": outcome.labels})
    if outcome.unmet:
        raise ExpectationUnmet(
            f"not the label that the policy expects: {', '.join(outcome.unmet)}",
            "run",
            "The failing tests are listed above; fix the release, or expect still_personal",
        )
