"""``beam-deid label --again``: published labels decided again after keys were destroyed."""

from dataclasses import asdict

import click

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
    """Decide the labels in DIR again, from their stored evidence and without the data.

    A field whose key was destroyed cannot be restored any more. It counts as a quasi-identifier from then on; where the
    evidence holds no test of it as one, the label stays still_personal, and only a new run can show more.
    """
    from beam_deid.transforms.relabel import relabel

    changed = relabel(folder, keyring)
    out = output.console(as_json)
    for one in changed:
        out.print(f"[bold]{one.release}[/bold]: {one.before} → [bold]{one.after}[/bold]")
        out.print(f"  key destroyed: {', '.join(one.fields)}")
        out.print(f"  failing: {', '.join(one.failing) or 'nothing'}")
    if not changed:
        out.print("Nothing changes: no key that these releases rest on was destroyed.")
    if as_json:
        output.emit({"changed": [asdict(one) for one in changed]})
