"""``beam-deid doctor``: would a run work here, and on that engine?"""

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.completing import complete_folder, complete_release
from beam_deid.pipelines.early import see_the_policy
from beam_deid.pipelines.engine_options import EngineCommand, beam_options
from beam_deid.transforms.errors import UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.doctor.finding import Finding

EXAMINING = "examining"
"""What it does, as `PROGRESS` is told of it."""


@click.command(
    cls=EngineCommand,
    epilog="""\b
Examples:
  beam-deid doctor policy.yaml --input 'orders/*.csv' --output out
  beam-deid doctor policy.yaml -i 's3://bucket/orders/*.parquet' -o s3://bucket/out \\
      --runner FlinkRunner -- --job_endpoint=localhost:8099 \\
      --environment_type=EXTERNAL --environment_config=localhost:50000
  beam-deid doctor policy.yaml -i 'gs://bucket/in/*' -o gs://bucket/out --timeout 900 \\
      --runner DataflowRunner -- --project=NAME --region=asia-east1 --temp_location=gs://bucket/tmp

Exit codes: 0 all is well; else that of what is missing first, with which the run would end: 2 engine, policy, keys, register or
versions, 3 input, 1 output, or a fault of the engine.""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option(
    "--output",
    "-o",
    "folder",
    required=True,
    metavar="DIR",
    help="The --output of the run.",
    shell_complete=complete_folder,
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    metavar="NAME",
    help="Look only at what this release needs; repeatable.",
    shell_complete=complete_release,
)
@click.option("--overwrite", is_flag=True, help="The run would replace what is in DIR.")
@click.option("--runner", default=None, metavar="NAME", help="Beam engine; its options follow behind --.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time to wait for workers.",
)
@click.option("--verbose", "-v", is_flag=True, help="Let the engine's own logs be seen, too.")
@options.json_option
@click.pass_context
def doctor(
    context: click.Context,
    policy: str,
    inputs: tuple[str, ...],
    folder: str,
    releases: tuple[str, ...],
    overwrite: bool,
    runner: str | None,
    seconds: float,
    verbose: bool,
    as_json: bool,
) -> None:
    """Say whether a run would work, here or on an engine, and what is missing for it; no record is treated.

    On an engine one tiny job asks its workers: whether they answer, can read the input and whatever POLICY names, can write
    where the run would, have the same keys as this process (check values are compared, no key leaves any process), the same
    versions, and the right time. Without --runner the same is asked here.
    """
    see_the_policy(policy)
    from beam_deid.transforms.policy.reader import read_any_policy
    from beam_deid.transforms.policy.tables import TablesPolicy
    from beam_deid.transforms.run.engines import LOCAL

    read = read_any_policy(policy)
    if isinstance(read, TablesPolicy):
        what = "doctor looks at policies of one table; tables are joined on this machine alone"
        raise UsageError(what, policy, "See what plan --input says, and then: beam-deid run --dry-run")
    from beam_deid.transforms.beam.examining import Call, examine

    call = Call(read, inputs, folder, releases, runner or LOCAL, beam_options(context), overwrite, seconds)
    with output.progress((EXAMINING,), first=EXAMINING), _unheard(heard=verbose):
        found = examine(call)
    _show(found, call.runner, as_json)


@contextlib.contextmanager
def _unheard(*, heard: bool) -> Iterator[None]:
    """What an engine logs meanwhile, traces of a job that fails above all, is heard by who asks for it."""
    before = logging.root.manager.disable
    logging.disable(before if heard else logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _show(found: "list[Finding]", runner: str, as_json: bool) -> None:
    """Show what was found.

    Raises:
        DeidError: The first that is missing, in a word: a run would end with its exit code.
    """
    from beam_deid.pipelines.views.examination import show_findings

    show_findings(output.console(as_json), found)
    errors = [one.error for one in found if one.error is not None]
    if as_json:
        checks = [one.to_document() for one in found]
        output.emit({"healthy": not errors, "engine": runner, "checks": checks})
    if errors:
        said = "1 check did not pass" if len(errors) == 1 else f"{len(errors)} checks did not pass"
        raise type(errors[0])(said, "doctor", "Each is told above with its next step; the run would not work like this")
