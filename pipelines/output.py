"""What a command says: one JSON document on stdout, words and progress on stderr."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from beam_deid.transforms.progress import PROGRESS

_PLAIN_SECONDS = 5.0


def console(as_json: bool) -> Console:
    """Where words for a person go: stdout, or stderr where stdout is for a machine."""
    return Console(stderr=as_json, highlight=False, soft_wrap=not sys.stdout.isatty())


def emit(document: Any) -> None:
    """Print the one JSON document of a ``--json`` call."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def fail(message: str) -> None:
    """Print an error for a person."""
    click.echo(f"beam-deid: {message}", err=True)


@contextlib.contextmanager
def progress(total: int | None) -> Iterator[None]:
    """Show how far a run is: a bar on a terminal, a line every few seconds elsewhere; always on stderr."""
    PROGRESS.total, done = total, threading.Event()
    thread = threading.Thread(target=_bar if sys.stderr.isatty() else _lines, args=(done,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _bar(done: threading.Event) -> None:
    columns = (
        SpinnerColumn(), TextColumn("{task.description:10}"), BarColumn(), TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(PROGRESS.phase, total=PROGRESS.total, said="")
        speed = _Speed()
        while not done.wait(0.1):
            bar.update(task, description=PROGRESS.phase, completed=PROGRESS.rows, said=speed.said())


def _lines(done: threading.Event) -> None:
    speed, phase, since = _Speed(), "", time.monotonic()
    while not done.wait(0.1):
        late = time.monotonic() - since > _PLAIN_SECONDS
        if PROGRESS.phase != phase or late:
            phase, since = PROGRESS.phase, time.monotonic()
            click.echo(f"beam-deid: {phase}, {speed.said()}", err=True)


class _Speed:
    """Rows, and rows per second of the phase."""

    def __init__(self) -> None:
        self._phase, self._start = "", time.monotonic()

    def said(self) -> str:
        if PROGRESS.phase != self._phase:
            self._phase, self._start = PROGRESS.phase, time.monotonic()
        seconds = max(time.monotonic() - self._start, 0.001)
        return f"{PROGRESS.rows:,} rows, {PROGRESS.rows / seconds:,.0f} rows/s"


def show_outcome(out: Console, run: dict[str, Any], labels: dict[str, dict[str, Any]], output: str) -> None:
    """Say what a run published, under which label, and why."""
    for name, label in labels.items():
        release = run["releases"][name]
        style = "green" if label["label"] == "anonymized" else "yellow"
        out.print(f"\n[bold]{name}[/bold]: [bold {style}]{label['label']}[/]  ({label['purpose']}, {label['sharing']})")
        records = ", ".join(f"{number:,} {what}" for what, number in label["records"].items())
        out.print(f"  records: {records}")
        if release["published"]:
            out.print(f"  published: {output}/{name}")
        else:
            out.print(f"  [red]not published[/red]: the policy expects {release['expect']}")
        # Whoever expects it to be personal asked for no levels.
        _show_levels(out, label, asked=release["expect"] != "still_personal")
        _show_tests(out, label)


def _show_levels(out: Console, label: dict[str, Any], asked: bool) -> None:
    levels = label["search"].get("levels") or {}
    if levels:
        chosen = ", ".join(f"{field} at {level}" for field, level in levels.items())
        out.print(f"  levels chosen: {chosen}")
    if label["search"].get("rounds"):
        full = label["search"]["full_domain"]
        out.print(f"  in {len(label['search']['rounds'])} rounds; {full['suppressed']:,} records would be suppressed in one")
    for line in reasons(label["search"].get("blocked")) if asked else ():
        out.print(f"  [red]✗[/red] {line}")


def reasons(blocked: dict[str, Any] | None) -> list[str]:
    """Why no levels satisfy what is required, and what would, line by line; nothing where some do."""
    if not blocked:
        return []
    lines = [f"no levels satisfy: {', '.join(blocked['by'])} in the way" if blocked["by"] else
             "no levels satisfy: several requirements are in the way at once"]  # fmt: skip
    if blocked["k"]:
        lines.append(f"the greatest k that can be met with all else as it is: {blocked['k']}")
    if blocked["suppression"] is not None:
        lines.append(f"the least share of records that must be suppressed: {blocked['suppression']:.4f}")
    if blocked["fields"]:
        told = ", ".join(f"{name} (then {loss:.4g} is lost)" for name, loss in blocked["fields"].items())
        lines.append(f"something satisfies without one of: {told}")
    return lines


def show_changes(out: Console, changes: list[dict[str, Any]]) -> None:
    """Say what would change a label, a line for each condition that does not hold."""
    for change in changes:
        out.print(f"  line {change['line']}, {change['test']}: {change['text']}")


def _show_tests(out: Console, label: dict[str, Any]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", "test", "measured", "limit", "why"):
        table.add_column(heading, overflow="fold")
    for test in label["tests"]:
        mark = "[green]✓[/green]" if test["passed"] else "[red]✗[/red]"
        table.add_row(mark, test["name"], _figure(test["measured"]), _figure(test["limit"]), test["detail"])
    out.print(table)


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
