"""What a run published, under which labels, and why."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.views.cells import label_style
from beam_deid.pipelines.views.changes import show_changes
from beam_deid.pipelines.views.closing import show_closing
from beam_deid.pipelines.views.tests import show_tests


def show_outcome(
    out: Console,
    run: dict[str, Any],
    labels: dict[str, dict[str, Any]],
    output: str,
    notes: Sequence[str] = (),
    *,
    verbose: bool = False,
) -> None:
    """Show what a run came to. What became of each release stands last, where it is still in sight.

    Args:
        out: Where it is shown.
        run: The content of ``run.json``.
        labels: The content of each release's ``label.json``, also of those that were not published.
        output: The output folder.
        notes: What was made beside it, a sentence each.
        verbose: Whether all tests are shown with their figures; else those that fail.
    """
    for name, label in labels.items():
        _show_release(out, name, label, run["releases"][name]["expect"] == "still_personal", verbose)
    out.print()
    for note in notes:
        out.print(f"[dim]note:[/dim] {escape(note)}", soft_wrap=True)
    show_closing(out, run, labels, output)


def _show_release(out: Console, name: str, label: dict[str, Any], expected: bool, verbose: bool) -> None:
    """Show a release; ``expected`` where its policy expects that it is personal."""
    found = f"[bold {label_style(label['label'])}]{label['label']}[/]"
    out.print(f"\n[bold]{escape(name)}[/bold]: {found}  ({escape(label['purpose'])}, {label['sharing']})")
    records = ", ".join(f"{number:,} {what}" for what, number in label["records"].items())
    out.print(f"  records: {records}")
    _show_levels(out, label["search"])
    show_tests(out, label["tests"], verbose=verbose, expected=expected)
    if not expected:  # else nobody wants advice
        show_changes(out, label["changes"], label["search"].get("blocked"))


def _show_levels(out: Console, search: dict[str, Any]) -> None:
    levels = search.get("levels") or {}
    if levels:
        chosen = ", ".join(f"{field} at {level}" for field, level in levels.items())
        out.print(f"  levels chosen: {escape(chosen)}")
    if search.get("rounds"):
        suppressed = search["full_domain"]["suppressed"]
        out.print(f"  in {len(search['rounds'])} rounds; {suppressed:,} records would be suppressed in one")


def show_finished(out: Console, folder: str) -> None:
    """Show that a publication was finished of which only the end was missing."""
    out.print(f"Finished: {escape(folder)} is published. See: beam-deid verify {escape(folder)}")
