"""``beam-deid label --again``: published labels decided again after keys were destroyed."""

from dataclasses import asdict

import click
from rich.markup import escape

from beam_deid.pipelines import options, output


@click.command(
    epilog="""\b
Examples:
  beam-deid keys destroy keys/orders.keyring --name main --output out
  beam-deid label --again out"""
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--again", is_flag=True, required=True, help="Decide again; there is nothing else to do with a label.")
@click.option("--keyring", metavar="FILE", help="The run's keyring, if it is no longer where the run found it.")
@options.json_option
def label(folder: str, again: bool, keyring: str | None, as_json: bool) -> None:
    """Decide the labels in DIR again, from their stored evidence and without the data. No label gets better.

    A field whose key was destroyed cannot be restored any more, and its release stays still_personal: a label keeps or
    worsens here, and only a new run, which measures, can make a release anonymized. Labels that were signed are signed anew
    if the keyring's signing key can be opened, and lose their signature otherwise.
    """
    from beam_deid.transforms.label.rewrite_labels import rewrite_labels

    done = rewrite_labels(folder, keyring)
    out = output.console(as_json)
    for one in done.changed:
        out.print(f"[bold]{one.release}[/bold]: {one.before} → [bold]{one.after}[/bold]")
        out.print(f"  key destroyed: {escape(', '.join(one.fields))}")
        out.print(f"  failing: {escape(', '.join(one.failing)) or 'nothing'}")
    if not done.changed:
        out.print("Nothing changes: no key that these releases rest on was destroyed.")
    if done.signature == "renewed":
        out.print("Signed anew.")
    elif done.signature == "dropped":
        out.print(f"[yellow]The signature was dropped[/yellow], for what it signed has changed: {escape(done.reason)}")
    if as_json:
        output.emit(asdict(done))
