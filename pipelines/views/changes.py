"""What would change a label, or let a search find levels."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.views.cells import Detail

_MOST = 3
"""Changes that are shown where all must be short."""


def show_changes(
    out: Console, found: list[dict[str, Any]], blocked: dict[str, Any] | None, detail: Detail = Detail.FAILING
) -> None:
    """Show what would change a label, where something fails."""
    lines = changes(found, blocked)
    if not lines:
        return
    short = detail is Detail.SHORT
    out.print("  [bold]what would change the label[/bold]")
    table = Table.grid(padding=(0, 1, 0, 0))
    for line in lines[: _MOST if short else None]:
        table.add_row("  -", said_text(line, "ellipsis" if short else "fold", no_wrap=short))
    out.print(table)
    if short and len(lines) > _MOST:
        out.print(f"    and {len(lines) - _MOST} more changes; --verbose shows all")


def changes(found: list[dict[str, Any]], blocked: dict[str, Any] | None) -> list[str]:
    """What would make failing tests pass: a line for each way, with the tests that it is for.

    Args:
        found: The label's ``changes``.
        blocked: Why the search found no levels, if it found none. What the changes already say is not repeated.
    """
    lines = [f"{', '.join(tests)}: {text}" for text, tests in by_text(found).items()]
    return reasons(_without(found, blocked)) + lines if blocked else lines


def by_text(found: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The tests that each change of a label would make pass, by what would be changed.

    The order of rows depends on all other tests, and is named only where it alone fails.
    """
    ways: dict[str, list[str]] = {}
    for one in found:
        if one["test"] != "order" or len(found) == 1:
            ways.setdefault(one["text"], []).append(one["test"])
    return ways


def _without(found: list[dict[str, Any]], blocked: dict[str, Any]) -> dict[str, Any]:
    """Why the search found no levels, without what the changes say."""
    dropped = {name for one in found for name in one["drop"] or ()}
    fields = {name: loss for name, loss in blocked["fields"].items() if name not in dropped}
    share = None if any(one["suppress"] is not None for one in found) else blocked["suppression"]
    return {**blocked, "fields": fields, "suppression": share}


def reasons(blocked: dict[str, Any] | None) -> list[str]:
    """Why no levels satisfy what is required, and what would, line by line; empty where some levels do."""
    if not blocked:
        return []
    lines = [f"no levels satisfy: {_in_the_way(blocked['by'])}"]
    if blocked["k"]:
        lines.append(f"the greatest k that can be met with all else as it is: {blocked['k']}")
    if blocked["suppression"] is not None:
        lines.append(f"the least share of records that must be suppressed: {blocked['suppression']:.4f}")
    if blocked["fields"]:
        losses = ", ".join(f"{name} (then {loss:.4g} is lost)" for name, loss in blocked["fields"].items())
        lines.append(f"something satisfies without one of: {losses}")
    return lines


def _in_the_way(requirements: list[str]) -> str:
    if not requirements:
        return "several requirements are in the way at once"
    return f"{', '.join(requirements)} in the way"
