"""``beam-deid label --again``: published labels decided again after keys were destroyed."""

from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid keys destroy keys/orders.keyring --name main --output out
  beam-deid label --again out""",
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--again", is_flag=True, required=True, help="Decide again; there is nothing else to do with a label.")
@click.option("--keyring", metavar="FILE", help="The run's keyring, if it is no longer where the run found it.")
@options.json_option
def label(folder: str, again: bool, keyring: str | None, as_json: bool) -> None:
    """Decide the labels in DIR again, from their stored evidence and without the data. No label gets better.

    A field whose key was destroyed cannot be re-identified any more, and its release stays still_personal: a label keeps or
    worsens here, and only a new run, which measures, can make a release anonymized. Labels that were signed are signed anew
    if the keyring's signing key can be opened, and lose their signature otherwise.
    """
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.pipelines.views.rewritten import show_rewritten
    from beam_deid.transforms.label.rewrite_labels import rewrite_labels

    done = rewrite_labels(folder, keyring, reports)
    show_rewritten(output.console(as_json), done)
    if as_json:
        output.emit(asdict(done))
