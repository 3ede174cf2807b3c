"""``beam-deid plan``: what a policy will do, without reading data."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from beam_deid.pipelines import options, output


@click.command(
    epilog="""\b
Examples:
  beam-deid plan policy.yaml
  beam-deid plan policy.yaml --input 'orders/*.csv'"""
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=False)
@options.json_option
def plan(policy: str, inputs: tuple[str, ...], as_json: bool) -> None:
    """Say what will happen to each field, what is dropped, and the best label that can come out.

    With --input the files' columns are checked against POLICY as well; no record is read.
    """
    from beam_deid.transforms.policy.plan import plan as make_plan
    from beam_deid.transforms.policy.reader import read_policy

    read = read_policy(policy)
    if inputs:
        from beam_deid.transforms.shards import prepare

        prepare(read, inputs)
    made = make_plan(read)
    _show(output.console(as_json), made.to_json())
    if as_json:
        output.emit(made.to_json())


def _show(out: Console, document: dict[str, Any]) -> None:
    if document["never_released"]:
        out.print(f"In no release: {', '.join(document['never_released'])}")
    for name, release in document["releases"].items():
        style = "green" if release["best_label"] == "anonymized" else "yellow"
        out.print(f"\n[bold]{name}[/bold]: at best [bold {style}]{release['best_label']}[/]  "
                  f"({release['purpose']}, {release['sharing']})")  # fmt: skip
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("field", "action", "recoverability", "what happens"):
            table.add_column(heading, overflow="fold")
        for field in release["fields"]:
            table.add_row(field["field"], field["action"], field["recoverability"], field["sentence"])
        out.print(table)
        out.print(f"  dropped: {', '.join(release['not_released']) or 'nothing'}")
        for reason in release["reasons"]:
            out.print(f"  [yellow]still_personal[/yellow], line {reason['line']}: {reason['what']}; {reason['instead']}")
        for test in release["tests"]:
            limit = "–" if test["limit"] is None else f"{'at least' if test['at_least'] else 'at most'} {test['limit']:g}"
            out.print(f"  will be tested: {test['name']} {limit} ({test['detail']})")
        for warning in release["warnings"]:
            out.print(f"  [red]note[/red]: {warning}")
