"""What became of releases from which persons were erased."""

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.erasing import Erased
from beam_deid.transforms.later.erasing import ErasedRelease, ErasedRun
from beam_deid.transforms.storage.paths import shown


def show_erased(out: Console, done: Erased) -> None:
    """Show what became of each release of each output, and what it means."""
    for run in done.runs:
        out.print(f"[bold]{escape(shown(run.output))}[/bold]")
        for release in run.releases:
            _show_release(out, release)
        _show_signature(out, run)


def _show_release(out: Console, one: ErasedRelease) -> None:
    if one.untouched:
        out.print(f"  {one.release}: {one.label}, not changed: {one.untouched}")
    elif not one.rows:
        out.print(f"  {one.release}: none of these persons is in it (looked for {one.by})")
    else:
        rows = "1 row" if one.rows == 1 else f"{one.rows:,} rows"
        out.print(f"  {one.release}: {rows} erased, found {one.by}; {one.left:,} left")
        if one.not_measured:
            out.print(f"    not measured again: {escape(one.not_measured)}")


def _show_signature(out: Console, run: ErasedRun) -> None:
    if run.signature == "renewed":
        out.print("  Signed anew.")
    elif run.signature == "dropped":
        out.print(f"  [yellow]The signature was dropped[/yellow], for what it signed has changed: {escape(run.reason)}")
