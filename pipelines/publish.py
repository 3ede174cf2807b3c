"""``beam-deid publish``: the last step of a run whose process died before it."""

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_folder
from beam_deid.transforms.errors import ExpectationUnmet


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid publish out
  beam-deid publish .out.beam-deid-3f0c9a6d2b41-4711-88123-9e1b5c07
  beam-deid publish s3://bucket/out/.beam-deid-3f0c9a6d2b41-4711-88123-9e1b5c07

Exit codes: 0 published, 1 a file is not what was written, 2 usage or key, 3 too many records were rejected,
4 a release did not reach the label it expects (the others are published).""",
)
@click.argument("staging", metavar="STAGING", shell_complete=complete_folder)
@options.verbose_option
@options.json_option
def publish(staging: str, verbose: bool, as_json: bool) -> None:
    """Publish what a run wrote and proved whose process died before it could, or say why not.

    STAGING is the output of that run, or the hidden folder that it left: beside a local output, in any other output, or, for a
    local run into a store, in the folder for temporary files. All files are read back and compared with what was written first.
    """
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.pipelines.views.outcome import show_finished, show_outcome
    from beam_deid.transforms.publish.finishing import publish_left
    from beam_deid.transforms.storage.paths import shown

    outcome, folder = publish_left(staging, reports)
    out = output.console(as_json)
    if outcome is None:
        show_finished(out, shown(folder))
    else:
        output.warn(outcome.run.get("notes", ()))
        show_outcome(out, outcome, folder, verbose=verbose)
    if as_json:
        output.emit(
            {
                "output": shown(folder),
                "run": outcome.run if outcome else None,
                "labels": outcome.labels if outcome else None,
            }
        )
    if outcome is not None and outcome.unmet:
        raise ExpectationUnmet(
            f"not the label that the policy expects: {', '.join(outcome.unmet)}", "publish", "The others are published"
        )
