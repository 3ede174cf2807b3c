"""``beam-deid plan``: what a policy will do, without reading data."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines import options, output
from beam_deid.transforms.policy.model import Policy


@click.command(
    epilog="""\b
Examples:
  beam-deid plan policy.yaml
  beam-deid plan policy.yaml --input 'orders/*.csv'
  beam-deid plan policy.yaml --output out/2026-06"""
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=False)
@click.option(
    "--output", "-o", "output_folder", metavar="DIR", help="The --output of the run, beside which its register is."
)
@options.json_option
def plan(policy: str, inputs: tuple[str, ...], output_folder: str | None, as_json: bool) -> None:
    """Say what will happen to each field, what is dropped, every test, and the best label that can come out.

    With --input the files' columns are checked against POLICY as well; no record is read. With --output, or where POLICY says
    where its register is, the earlier releases are told that a run will be tested with if it has some of their records.
    """
    from beam_deid.transforms.policy.plan import plan as make_plan
    from beam_deid.transforms.policy.reader import read_policy

    read = read_policy(policy)
    files = 0
    if inputs:
        from beam_deid.transforms.run.shards import prepare

        files = len({shard.path for shard in prepare(read, inputs).shards})
    made = make_plan(read)
    out = output.console(as_json)
    earlier = _earlier(read, output_folder)
    _show(out, made.to_document())
    _show_register(out, made.register, earlier)
    if files:
        out.print(
            f"\n[green]✓[/green] the columns of {files:,} {'file' if files == 1 else 'files'} are those of the policy"
        )
    if as_json:
        output.emit({**made.to_document(), "earlier": earlier})


def _earlier(policy: Policy, output_folder: str | None) -> list[dict[str, Any]] | None:
    """The registered releases that a run will be tested with; None where it is not said where the register is."""
    from beam_deid.transforms.policy.register_place import register_place
    from beam_deid.transforms.register.folder import read

    place = register_place(policy, output_folder)
    if place.missing:
        return None
    found = read(place.path)
    return [
        {"name": entry.name, "made_at": entry.made_at, "sharing": entry.sharing, "records": entry.records.released}
        for entry in (found.tested if found is not None else ())
    ]


def _show_register(out: Console, missing: str, earlier: list[dict[str, Any]] | None) -> None:
    if missing:
        out.print(f"\nNothing is remembered of what is given out: {escape(missing)}", soft_wrap=True)
    elif earlier is None:
        out.print(
            "\nThe register is beside the output; with --output DIR earlier releases are told that a run is tested with"
        )
    elif not earlier:
        out.print("\nNothing is registered yet that a run would be tested with")
    else:
        out.print("\nWhere it has some of the same records, a run is tested together with")
        out.print(
            _table(
                ("release", "made", "sharing", "records"),
                ((one["name"], one["made_at"], one["sharing"], f"{one['records']:,}") for one in earlier),
            )
        )


def _show(out: Console, document: dict[str, Any]) -> None:
    if document["never_released"]:
        out.print(f"In no release: {_names(document['never_released'])}")
    for name, release in document["releases"].items():
        style = "green" if release["best_label"] == "anonymized" else "yellow"
        out.print(
            f"\n[bold]{name}[/bold]: at best [bold {style}]{release['best_label']}[/]  "
            f"({escape(release['purpose'])}, {release['sharing']})"
        )
        out.print(
            _table(
                ("field", "action", "recoverability", "what happens"),
                (
                    (field["field"], field["action"], field["recoverability"], field["sentence"])
                    for field in release["fields"]
                ),
            )
        )
        out.print(f"  dropped: {_names(release['not_released'])}")
        out.print(
            f"  persons are counted by: {_names(release['identities']) if release['identities'] else _uncounted(document)}"
        )
        if release["tested_with"]:
            out.print(f"  tested together with: {_names(release['tested_with'])}")
        for reason in release["reasons"]:
            said = escape(f"{reason['what']}; {reason['instead']}")
            out.print(f"  [yellow]still_personal[/yellow], line {reason['line']}: {said}")
        for warning in release["warnings"]:
            out.print(f"  [red]note[/red]: {escape(warning)}")
        _tests(out, release["tests"])


def _tests(out: Console, tests: list[dict[str, Any]]) -> None:
    from beam_deid.transforms.label.lines import LINES

    out.print("  tests, by line of the label rule; anonymized only if all of them hold")
    # One table for all lines, so that their columns stand below each other.
    table = _table(("", "test", "limit", "measured"), ())
    table.columns[0].no_wrap = True
    table.columns[1].max_width = 30
    for line, those in groupby(tests, key=lambda test: test["line"]):
        table.add_row(f"[dim]{line}[/dim]", f"[dim]{LINES[line]}[/dim]", "", "")
        for test in those:
            table.add_row("", escape(test["name"]), _limit(test), escape(test["sentence"]))
    out.print(table)


def _limit(test: dict[str, Any]) -> str:
    sign = {"at_least": "≥", "at_most": "≤", "below": "<"}[test["compare"]]
    return "0" if sign == "≤" and not test["limit"] else f"{sign} {test['limit']:g}"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _uncounted(document: dict[str, Any]) -> str:
    return "record: each is one person" if document["subject"] else "nobody, so nothing can be measured"


def _names(names: list[str]) -> str:
    return escape(", ".join(names)) or "nothing"
