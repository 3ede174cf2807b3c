"""What a command says: one JSON document on stdout, words and progress on stderr."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.paths import shown

_PLAIN_SECONDS = 5.0
_WIDEST = 30  # of a test's name, so that what it means finds room in 80 columns


def console(as_json: bool) -> Console:
    """Where words for a person go: stdout, or stderr where stdout is for a machine."""
    return Console(stderr=as_json, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def emit(document: Any) -> None:
    """Print the one JSON document of a ``--json`` call."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def fail(message: str) -> None:
    """Print an error for a person."""
    click.echo(f"beam-deid: {message}", err=True)


@contextlib.contextmanager
def progress(total: int | None) -> Iterator[None]:
    """Show how far a run is: a bar on a terminal, a line every few seconds elsewhere; always on stderr."""
    PROGRESS.total = total
    done = threading.Event()
    thread = threading.Thread(target=_bar if sys.stderr.isatty() else _lines, args=(done,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _bar(done: threading.Event) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:10}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(PROGRESS.phase, total=PROGRESS.total, said="")
        speed = _Speed()
        while not done.wait(0.1):
            bar.update(task, description=PROGRESS.phase, completed=PROGRESS.rows, said=speed.said())


def _lines(done: threading.Event) -> None:
    speed = _Speed()
    phase = ""
    since = time.monotonic()
    while not done.wait(0.1):
        late = time.monotonic() - since > _PLAIN_SECONDS
        if PROGRESS.phase != phase or late:
            phase = PROGRESS.phase
            since = time.monotonic()
            said = speed.said()
            click.echo(f"beam-deid: {phase}, {said}" if PROGRESS.rows else f"beam-deid: {phase}", err=True)


class _Speed:
    """Rows, and rows per second of the phase."""

    def __init__(self) -> None:
        self._phase = ""
        self._start = time.monotonic()

    def said(self) -> str:
        if PROGRESS.phase != self._phase:
            self._phase = PROGRESS.phase
            self._start = time.monotonic()
        seconds = max(time.monotonic() - self._start, 0.001)
        return f"{PROGRESS.rows:,} rows, {PROGRESS.rows / seconds:,.0f} rows/s"


def show_outcome(
    out: Console, run: dict[str, Any], labels: dict[str, dict[str, Any]], output: str, notes: Sequence[str] = ()
) -> None:
    """Say what a run published, under which label, and why; the labels stand last, a line each, where they are still in sight."""
    for name, label in labels.items():
        release = run["releases"][name]
        out.print(f"\n[bold]{escape(name)}[/bold]: {_styled(label)}  ({escape(label['purpose'])}, {label['sharing']})")
        records = ", ".join(f"{number:,} {what}" for what, number in label["records"].items())
        out.print(f"  records: {records}")
        _show_levels(out, label)
        _show_tests(out, label)
        # Whoever expects it to be personal wants no advice.
        if release["expect"] != "still_personal":
            show_changes(out, label["changes"], label["search"].get("blocked"))
    out.print()
    for note in notes:
        out.print(f"[dim]note:[/dim] {escape(note)}", soft_wrap=True)
    for name, label in labels.items():
        out.print(_summary(name, label, run["releases"][name], output))


def _styled(label: dict[str, Any]) -> str:
    style = "green" if label["label"] == "anonymized" else "yellow"
    return f"[bold {style}]{label['label']}[/]"


def _summary(name: str, label: dict[str, Any], release: dict[str, Any], output: str) -> str:
    """A release's label, and what became of it, on one line."""
    records = label["records"]
    met = label["label"] in ("anonymized", release["expect"])
    mark = "[green]✓[/green]" if met else "[red]✗[/red]" if release["expect"] else "[yellow]![/yellow]"
    if not release["published"]:
        told = f"[red]not published[/red]: the policy expects {release['expect']}"
    else:
        told = f"{records['released']:,} of {records['read']:,} records in {escape(shown(output))}/{escape(name)}"
    failing = sum(not test["passed"] for test in label["tests"])
    said = f" ({'1 test fails' if failing == 1 else f'{failing} tests fail'})" if failing else ""
    return f"{mark} [bold]{escape(name)}[/bold]: {_styled(label)}{said}, {told}"


def _show_levels(out: Console, label: dict[str, Any]) -> None:
    levels = label["search"].get("levels") or {}
    if levels:
        chosen = ", ".join(f"{field} at {level}" for field, level in levels.items())
        out.print(f"  levels chosen: {escape(chosen)}")
    if label["search"].get("rounds"):
        full = label["search"]["full_domain"]
        out.print(
            f"  in {len(label['search']['rounds'])} rounds; {full['suppressed']:,} records would be suppressed in one"
        )


def show_changes(out: Console, found: list[dict[str, Any]], blocked: dict[str, Any] | None) -> None:
    """Say what would change a label, where something fails."""
    lines = changes(found, blocked)
    if not lines:
        return
    out.print("  [bold]what would change the label[/bold]")
    table = Table.grid(padding=(0, 1, 0, 0))
    for line in lines:
        table.add_row("  -", Text(line, overflow="fold"))
    out.print(table)


def changes(found: list[dict[str, Any]], blocked: dict[str, Any] | None) -> list[str]:
    """What would make failing tests pass, a line for each way and the tests that it is for.

    The order of rows is a matter of all other tests, and is told only where it is alone.

    Args:
        found: The label's ``changes``.
        blocked: Why the search found no levels; what the changes say, too, is not said twice.
    """
    told: dict[str, list[str]] = {}
    for one in found:
        if one["test"] != "order" or len(found) == 1:
            told.setdefault(one["text"], []).append(one["test"])
    lines = [f"{', '.join(tests)}: {text}" for text, tests in told.items()]
    if not blocked:
        return lines
    dropped = {name for one in found for name in one["drop"] or ()}
    fields = {name: loss for name, loss in blocked["fields"].items() if name not in dropped}
    share = None if any(one["suppress"] is not None for one in found) else blocked["suppression"]
    return reasons({**blocked, "fields": fields, "suppression": share}) + lines


def reasons(blocked: dict[str, Any] | None) -> list[str]:
    """Why no levels satisfy what is required, and what would, line by line; nothing where some do."""
    if not blocked:
        return []
    lines = [
        f"no levels satisfy: {', '.join(blocked['by'])} in the way"
        if blocked["by"]
        else "no levels satisfy: several requirements are in the way at once"
    ]
    if blocked["k"]:
        lines.append(f"the greatest k that can be met with all else as it is: {blocked['k']}")
    if blocked["suppression"] is not None:
        lines.append(f"the least share of records that must be suppressed: {blocked['suppression']:.4f}")
    if blocked["fields"]:
        told = ", ".join(f"{name} (then {loss:.4g} is lost)" for name, loss in blocked["fields"].items())
        lines.append(f"something satisfies without one of: {told}")
    return lines


def _show_tests(out: Console, label: dict[str, Any]) -> None:
    """The tests; why one failed in full, and why one passed as far as a line goes: all of it stands in label.json."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("test", overflow="fold", max_width=_WIDEST)
    for heading in ("measured", "limit", "why"):
        table.add_column(heading, overflow="fold")
    for test in label["tests"]:
        passed = test["passed"]
        mark = "[green]✓[/green]" if passed else "[red]✗[/red]"
        why = Text(test["detail"], no_wrap=True, overflow="ellipsis") if passed else Text(test["detail"])
        table.add_row(mark, Text(test["name"], overflow="fold"), _figure(test["measured"]), _figure(test["limit"]), why)
    out.print(table)


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
