"""What a policy will do to each field, the tests, and the best label that can come out."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.views.cells import label_word, table
from beam_deid.transforms.label.lines import LINES

_WIDEST = 30  # of a test's name
_SIGNS = {"at_least": "≥", "at_most": "≤", "below": "<"}


def show_plan(out: Console, document: dict[str, Any]) -> None:
    """Show a plan.

    Args:
        out: Where it is shown.
        document: The plan, as ``beam-deid plan --json`` prints it.
    """
    if document["never_released"]:
        out.print(f"In no release: {_names(document['never_released'])}")
    _show_input(out, document)
    uncounted = "record: each is one person" if document["subject"] else "nobody, so nothing can be measured"
    for name, release in document["releases"].items():
        _show_release(out, name, release, uncounted)


def _show_input(out: Console, document: dict[str, Any]) -> None:
    """What is allowed to differ between files, and what is made of their rows."""
    if document["optional"]:
        out.print(f"Files may lack: {_names(document['optional'])}; it is null there")
    if document["ignored"]:
        out.print(f"Not read: {_names(document['ignored'])}")
    if document["filled"]:
        filled = document["filled"]
        out.print(
            f"Filled down where blank, by {escape(filled['by'])}: {_names(filled['fields'])}; a file is one shard"
        )


def _show_release(out: Console, name: str, release: dict[str, Any], uncounted: str) -> None:
    out.print(
        f"\n[bold]{name}[/bold]: at best [bold]{label_word(release['best_label'])}[/bold]  "
        f"({escape(release['purpose'])}, {word(release['sharing'])})"
    )
    _show_fields(out, release["fields"])
    out.print(f"  dropped: {_names(release['not_released'])}")
    out.print(f"  persons are counted by: {_names(release['identities']) if release['identities'] else uncounted}")
    if release["tested_with"]:
        out.print(f"  tested together with: {_names(release['tested_with'])}")
    if release["part_rows"]:
        out.print(f"  rows of a part: {release['part_rows']:,}")
    for reason in release["reasons"]:
        said = escape(f"{reason['what']}; {reason['instead']}")
        out.print(f"  [yellow]still_personal[/yellow], line {reason['line']}: {said}")
    for warning in release["warnings"]:
        out.print(f"  [red]note[/red]: {escape(warning)}")
    _show_tests(out, release["tests"])


def _show_fields(out: Console, fields: Iterable[dict[str, str]]) -> None:
    columns = ("field", "action", "recoverability", "sentence")
    rows = ([field[column] for column in columns] for field in fields)
    out.print(_filled(("field", "action", "recoverability", "what happens"), rows))


def _show_tests(out: Console, tests: list[dict[str, Any]]) -> None:
    out.print("  tests, by line of the label rule; anonymized only if all of them hold")
    # One table for all lines, so that their columns stand below each other.
    grid = table("", "test", "limit", "measured")
    grid.columns[0].no_wrap = True
    grid.columns[1].max_width = _WIDEST
    for line, those in groupby(tests, key=lambda test: test["line"]):
        grid.add_row(f"[dim]{line}[/dim]", f"[dim]{word(LINES[line])}[/dim]", "", "")
        for test in those:
            grid.add_row("", escape(test["name"]), _limit(test), escape(test["sentence"]))
    out.print(grid)


def _limit(test: dict[str, Any]) -> str:
    sign = _SIGNS[test["compare"]]
    return "0" if sign == "≤" and not test["limit"] else f"{sign} {test['limit']:g}"


def show_register(out: Console, missing: str, earlier: list[dict[str, Any]] | None) -> None:
    """Show which registered releases a run will be tested with.

    Args:
        out: Where it is shown.
        missing: Why the policy has no register; empty where it has one.
        earlier: The registered releases; None where it is not known yet where the register is.
    """
    if missing:
        out.print(f"\nNothing is remembered of what is given out: {escape(missing)}", soft_wrap=True)
    elif earlier is None:
        out.print(
            "\nThe register is beside the output; with --output DIR, plan lists the releases that a run will be tested with"
        )
    elif not earlier:
        out.print("\nNothing is registered yet that a run would be tested with")
    else:
        _show_earlier(out, earlier)


def _show_earlier(out: Console, earlier: list[dict[str, Any]]) -> None:
    out.print("\nWhere it has some of the same records, a run is tested together with")
    rows = ((one["name"], one["made_at"], one["sharing"], f"{one['records']:,}") for one in earlier)
    out.print(_filled(("release", "made", "sharing", "records"), rows))


def _filled(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    made = table(*headings)
    for row in rows:
        made.add_row(*map(escape, row))
    return made


def _names(names: list[str]) -> str:
    return escape(", ".join(names)) or "nothing"
