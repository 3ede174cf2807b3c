"""What became of labels that were decided again."""

from rich.console import Console
from rich.markup import escape

from beam_deid.transforms.label.rewrite_labels import RewrittenLabel, RewrittenRun


def show_rewritten(out: Console, done: RewrittenRun) -> None:
    """Show which labels changed and why, and what became of the signatures."""
    for change in done.changed:
        _show_change(out, change)
    if not done.changed:
        out.print("Nothing changes: no key that these releases rest on was destroyed.")
    if done.signature == "renewed":
        out.print("Signed anew.")
    elif done.signature == "dropped":
        out.print(f"[yellow]The signature was dropped[/yellow], for what it signed has changed: {escape(done.reason)}")


def _show_change(out: Console, change: RewrittenLabel) -> None:
    out.print(f"[bold]{change.release}[/bold]: {change.before} → [bold]{change.after}[/bold]")
    out.print(f"  key destroyed: {escape(', '.join(change.fields))}")
    out.print(f"  failing: {escape(', '.join(change.failing)) or 'nothing'}")
