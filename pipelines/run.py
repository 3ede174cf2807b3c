"""``beam-deid run``: files in, labelled releases out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.completing import complete_folder, complete_release
from beam_deid.pipelines.early import see_the_output, see_the_policy
from beam_deid.pipelines.engine_options import EngineCommand, beam_options
from beam_deid.pipelines.recording import operator_of, operator_option
from beam_deid.pipelines.running import MAX_REJECTS, Asked, prepared_run, prepared_run_on_tables
from beam_deid.transforms.errors import ExpectationUnmet

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.tables import TablesPolicy
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
    default=MAX_REJECTS,
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

    read, text = read_policy_file(policy)
    who = operator_of(operator, () if operator is None else key_sources(read))
    by = about_call(context, policy, text, who)
    asked = Asked(
        releases,
        overwrite,
        unreleased,
        new_register,
        max_rejects,
        workers,
        runner,
        beam_options(context),
        dry_run,
        by,
        as_of,
        text,
        corrections,
    )
    carry_out(read, inputs, output, asked, as_json=as_json, verbose=verbose)


def carry_out(
    policy: "Policy | TablesPolicy",
    inputs: tuple[str, ...],
    folder: str,
    asked: Asked,
    *,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Run, and show what came out.

    Args:
        policy: The policy, of one table or of several.
        inputs: Globs; of several tables each as ``TABLE=GLOB``.
        folder: The output.
        asked: How it is carried out.
        as_json: Whether one JSON document is printed.
        verbose: Whether figures of tests that pass are shown.

    Raises:
        ExpectationUnmet: A release did not reach the label that it expects; the others are published.
    """
    from beam_deid.transforms.policy.tables import TablesPolicy
    from beam_deid.transforms.run.heap import keep_freed

    keep_freed()
    if isinstance(policy, TablesPolicy):
        run = prepared_run_on_tables(policy, inputs, folder, asked, _tell)
    else:
        run = prepared_run(policy, inputs, folder, asked, _tell)
    earlier = releases_in(folder) if asked.overwrite else ()
    with output.progress(run.steps, run.rows, run.shards, run.first):
        outcome = run.carry_out()
    show(outcome, folder, as_json, dry=asked.dry, verbose=verbose, earlier=earlier)


def _tell(told: Iterable[str], passed_over: Iterable[str]) -> None:
    output.note(told)
    output.warn(passed_over)


def releases_in(folder: str) -> tuple[str, ...]:
    """The releases that a run published in a folder; none where no run did."""
    from beam_deid.transforms.label.reading import read_manifest
    from beam_deid.transforms.storage.files import is_file
    from beam_deid.transforms.storage.paths import join

    path = join(folder, "run.json")
    run = read_manifest(path)[0] if is_file(path) else None
    releases = (run or {}).get("releases")
    return tuple(name for name, one in releases.items() if one.get("published")) if isinstance(releases, dict) else ()


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
