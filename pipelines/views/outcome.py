"""What a run published, under which labels, and why."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.program import program
from beam_deid.pipelines.views.cells import Detail, count, label_word
from beam_deid.pipelines.views.changes import show_changes
from beam_deid.pipelines.views.closing import show_closing
from beam_deid.pipelines.views.for_recipient import show_statement
from beam_deid.pipelines.views.tests import show_tests
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.publish.publication import Outcome

_LINES = 40
"""Lines that a screen has at least."""
_BESIDE = 3
"""Lines of it that the command line and the next prompt take."""


def show_outcome(
    out: Console,
    outcome: Outcome,
    output: str,
    *,
    dry: bool = False,
    verbose: bool = False,
    earlier: Collection[str] = (),
) -> None:
    """Show what a run came to. What became of each release stands last, where it is still in sight.

    Args:
        out: Where it is shown.
        outcome: What it came to.
        output: The output folder.
        dry: Whether it is what a run would come to, of which nothing was published.
        verbose: Whether all tests are shown with their figures; else those that fail, in full where a screen has room for it.
        earlier: The releases that were in the output before.
    """

    def show(detail: Detail) -> None:
        for name, label in outcome.labels.items():
            _show_release(out, name, label, outcome.run["releases"][name]["expect"] == "still_personal", detail)
        out.print()
        for note in outcome.notes:
            out.print(f"[dim]note:[/dim] {escape(note)}", soft_wrap=True)
        if dry:
            out.print("[bold]A dry run: nothing was published, and nothing was written.[/bold]")
        show_closing(out, outcome, output, dry=dry, earlier=earlier)

    show(Detail.ALL if verbose else _fitting(out, show))


def _fitting(out: Console, show: Callable[[Detail], None]) -> Detail:
    """How much finds room on a screen. What goes into a file has all the room that it needs."""
    if not out.is_terminal:
        return Detail.FAILING
    with out.capture() as captured:
        show(Detail.FAILING)
    lines = captured.get().count("\n")
    return Detail.FAILING if lines <= max(_LINES, out.height) - _BESIDE else Detail.SHORT


def _show_release(out: Console, name: str, label: dict[str, Any], expected: bool, detail: Detail) -> None:
    """Show a release; ``expected`` where its policy expects that it is personal."""
    found = f"[bold]{label_word(label['label'])}[/bold]"
    out.print(f"\n[bold]{escape(name)}[/bold]: {found}  ({escape(label['purpose'])}, {word(label['sharing'])})")
    records = ", ".join(f"{label['records'][what]:,} {what}" for what in RECORD_COUNTS)
    out.print(f"  records: {records}")
    _show_withheld(out, label["records"].get("withheld_by", {}))
    _show_levels(out, label["search"])
    show_statement(out, label)
    show_tests(out, label["tests"], detail, expected=expected)
    if not expected:  # else nobody wants advice
        show_changes(out, label["changes"], label["search"].get("blocked"), detail)


def _show_withheld(out: Console, reasons: Mapping[str, int]) -> None:
    """Show why records are not in the release that could be."""
    if reasons:
        told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        out.print(f"  withheld: {told}")


def _show_levels(out: Console, search: dict[str, Any]) -> None:
    levels = search.get("levels") or {}
    if levels:
        chosen = ", ".join(f"{field} at {level}" for field, level in levels.items())
        blocked = search.get("blocked")
        said = (
            f"no levels satisfy all that is required; measured at: {escape(chosen)}"
            if blocked
            else f"levels chosen: {escape(chosen)}"
        )
        out.print(Padding(said, (0, 0, 0, 2), expand=False) if out.is_terminal else f"  {said}")
    if search.get("rounds"):
        suppressed = search["full_domain"]["suppressed"]
        out.print(f"  in {len(search['rounds'])} rounds; {count(suppressed, 'record')} would be suppressed in one")


def show_finished(out: Console, folder: str) -> None:
    """Show that a publication was finished of which only the end was missing."""
    out.print(f"Finished: {escape(folder)} is published. See: {program()} verify {escape(folder)}")
