"""What a run published, under which labels, and why."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.language.words import said, word, words
from beam_deid.pipelines.program import program
from beam_deid.pipelines.views.cells import figure, label_word, mark
from beam_deid.pipelines.views.changes import show_changes
from beam_deid.transforms.storage.paths import shown

_WIDEST = 30  # of a test's name, so that what it means finds room in 80 columns


def show_outcome(
    out: Console,
    run: dict[str, Any],
    labels: dict[str, dict[str, Any]],
    output: str,
    notes: Sequence[str] = (),
    *,
    dry: bool = False,
) -> None:
    """Show what a run came to. The labels stand last, a line each, where they are still in sight.

    Args:
        out: Where it is shown.
        run: The content of ``run.json``.
        labels: The content of each release's ``label.json``, also of those that were not published.
        output: The output folder.
        notes: What was made beside it, a sentence each.
        dry: Whether it is what a run would come to, of which nothing was published.
    """
    for name, label in labels.items():
        _show_release(out, name, label, run["releases"][name])
    out.print()
    for note in notes:
        out.print(f"[dim]note:[/dim] {escape(note)}", soft_wrap=True)
    if dry:
        out.print("[bold]A dry run: nothing was published, and nothing was written.[/bold]")
    for name, label in labels.items():
        out.print(_summary(name, label, run["releases"][name], output, dry))


def _show_release(out: Console, name: str, label: dict[str, Any], release: dict[str, Any]) -> None:
    out.print(
        f"\n[bold]{escape(name)}[/bold]: {_styled(label)}  ({escape(label['purpose'])}, {word(label['sharing'])})"
    )
    records = ", ".join(f"{number:,} {what}" for what, number in label["records"].items())
    out.print(f"  records: {records}")
    _show_levels(out, label["search"])
    _show_tests(out, label)
    # Whoever expects it to be personal wants no advice.
    if release["expect"] != "still_personal":
        show_changes(out, label["changes"], label["search"].get("blocked"))


def _styled(label: dict[str, Any]) -> str:
    return f"[bold]{label_word(label['label'])}[/bold]"


def _summary(name: str, label: dict[str, Any], release: dict[str, Any], output: str, dry: bool) -> str:
    """A release's label, and what became of it, on one line."""
    met = label["label"] in ("anonymized", release["expect"])
    sign = mark(met) if met or release["expect"] else "[yellow]![/yellow]"
    failing = sum(not test["passed"] for test in label["tests"])
    fails = f" ({said('1 test fails' if failing == 1 else f'{failing} tests fail')})" if failing else ""
    is_out = release["published"]
    told = _published(name, label["records"], output, dry) if is_out else _unpublished(release["expect"], dry)
    return f"{sign} [bold]{escape(name)}[/bold]: {_styled(label)}{fails}, {told}"


def _published(name: str, records: dict[str, int], output: str, dry: bool) -> str:
    told = f"{records['released']:,} of {records['read']:,} records in {escape(shown(output))}/{escape(name)}"
    return said(f"would publish {told}" if dry else told)


def _unpublished(expected: str, dry: bool) -> str:
    if dry:
        return f"[red]would not be published[/red]: the policy expects {expected}"
    return f"[red]not published[/red]: the policy expects {expected}"


def _show_levels(out: Console, search: dict[str, Any]) -> None:
    levels = search.get("levels") or {}
    if levels:
        chosen = ", ".join(f"{field} at {level}" for field, level in levels.items())
        out.print(f"  levels chosen: {escape(chosen)}")
    if search.get("rounds"):
        suppressed = search["full_domain"]["suppressed"]
        out.print(f"  in {len(search['rounds'])} rounds; {suppressed:,} records would be suppressed in one")


def _show_tests(out: Console, label: dict[str, Any]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column(word("test"), overflow="fold", max_width=_WIDEST)
    for heading in words("measured", "limit", "why"):
        table.add_column(heading, overflow="fold")
    for test in label["tests"]:
        name = Text(test["name"], overflow="fold")
        table.add_row(mark(test["passed"]), name, figure(test["measured"]), figure(test["limit"]), _why(test))
    out.print(table)


def _why(test: dict[str, Any]) -> Text:
    """Why a test failed, in full; why one passed, as far as one line goes: all of it stands in label.json."""
    return said_text(test["detail"], "ellipsis", no_wrap=True) if test["passed"] else said_text(test["detail"])


def show_finished(out: Console, folder: str) -> None:
    """Show that a publication was finished of which only the end was missing."""
    out.print(f"Finished: {escape(folder)} is published. See: {program()} verify {escape(folder)}")
