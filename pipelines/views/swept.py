"""What of published releases is past, and what was removed of it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from beam_deid.transforms.later.deleting import DeletedRun
from beam_deid.transforms.later.sweeping import Swept
from beam_deid.transforms.storage.paths import shown


def show_swept(out: Console, found: Swept) -> None:
    """Show what is past, output by output."""
    for one in found.releases:
        out.print(f"[bold]{escape(shown(one.output))}[/bold] {one.release}")
        for said in one.said:
            out.print(f"  {escape(said)}")
    for said in found.recipients:
        out.print(escape(said))
    for folder in found.left:
        out.print(f"left by a run that died: {escape(shown(folder))}")
    for output in found.unseen:
        out.print(f"nothing is published any more in {escape(shown(output))}")
    if not (found.releases or found.recipients or found.left):
        outputs = "1 output" if len(found.outputs) == 1 else f"{len(found.outputs):,} outputs"
        out.print(f"Nothing is past in {outputs}.")


def show_deleted(out: Console, removed: Sequence[DeletedRun]) -> None:
    """Show what was removed."""
    for one in removed:
        files = "1 file" if one.files == 1 else f"{one.files:,} files"
        out.print(f"removed from {escape(shown(one.output))}: {', '.join(one.releases)} ({files})")
        if one.signature == "dropped":
            out.print("  [yellow]The signature was dropped[/yellow], for what it signed has changed")
