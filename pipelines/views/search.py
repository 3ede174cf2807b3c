"""What a search of generalization levels found."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines.language.words import words
from beam_deid.pipelines.views.cells import count
from beam_deid.pipelines.views.changes import show_changes
from beam_deid.transforms.actions.hierarchy import ALL

_TOLD = (2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50)
"""The k of the frontier that are shown; ``--json`` has all."""


def named_levels(names: Mapping[str, str]) -> str:
    """Levels by field, as words."""
    return ", ".join(f"{name} at {level}" for name, level in names.items())


def show_search(out: Console, document: dict[str, Any]) -> None:
    """Show what was found.

    Args:
        out: Where it is shown.
        document: What ``beam-deid search --json`` prints.
    """
    out.print(
        f"[bold]{document['release']}[/bold]: {document['method']} ({document['evaluated']:,} of {document['nodes']:,} "
        f"nodes counted, {document['seconds']:.2f} s)"
    )
    if not document["satisfied"]:
        show_changes(out, document["changes"], document["blocked"])
        return
    _show_optimum(out, document)
    _show_label(out, document)
    _show_emptied(out, document)
    _show_local(out, document["local"])
    _show_frontier(out, document["frontier"])


def _show_optimum(out: Console, document: dict[str, Any]) -> None:
    out.print(f"  {escape(named_levels(document['names']))}")
    out.print(
        f"  {document['objective']} {document['loss']:.4g}; {count(document['suppressed'], 'record')} suppressed; "
        f"{count(document['classes'], 'class', 'classes')} of {document['smallest']:,} to {document['largest']:,}"
    )
    losses = ", ".join(f"{name} {loss:.3f}" for name, loss in document["losses"].items())
    out.print(f"  lost by field: {escape(losses)}")


def _show_label(out: Console, document: dict[str, Any]) -> None:
    """What reaches the label, too, where that is not the optimum."""
    label = document["label"]
    if not label["satisfied"]:
        out.print("  [yellow]note[/yellow]: at no levels does every line of the label hold as well")
        show_changes(out, document["changes"], None)
    elif label["levels"] != document["levels"] or label["suppressed"] != document["suppressed"]:
        out.print(
            f"  for the label, and so in a run: {escape(named_levels(label['names']))}; loss {label['loss']:.4g}, "
            f"{count(label['suppressed'], 'record')} suppressed"
        )


def _show_emptied(out: Console, document: dict[str, Any]) -> None:
    """The fields of which the levels that a run would choose leave nothing."""
    label = document["label"]
    names = label["names"] if label["satisfied"] else document["names"]
    emptied = [name for name, level in names.items() if level == ALL]
    if emptied:
        out.print(
            f"  [yellow]note[/yellow]: nothing is left of {escape(', '.join(emptied))}: at the level {ALL} every row has the same "
            "value; leave it out, or let a share of the rows be suppressed (require: {suppression: …})"
        )


def _show_local(out: Console, local: dict[str, Any] | None) -> None:
    """What local recoding would save."""
    if not local or len(local["rounds"]) < 2:
        return
    full = local["full_domain"]
    out.print(
        f"  with search: {{rounds: {len(local['rounds']) - 1}}} {count(local['suppressed'], 'record')} would be suppressed, "
        f"not {full['suppressed']:,}; loss {local['loss']:.4f}, not {full['loss']:.4f}"
    )


def _show_frontier(out: Console, points: list[dict[str, Any]]) -> None:
    told = [point for point in points if point["k"] in _TOLD]
    if not told:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in words("k", "loss", "suppressed", "classes", "levels"):
        table.add_column(heading, overflow="fold")
    for point in told:
        table.add_row(str(point["k"]), *_cells(point))
    out.print(table)


def _cells(point: dict[str, Any]) -> tuple[str, str, str, str]:
    if point["loss"] is None:
        return "–", "–", "–", "cannot be met"
    levels = escape(named_levels(point["names"]))
    return f"{point['loss']:.4g}", f"{point['suppressed']:,}", f"{point['classes']:,}", levels
