"""Where reports are."""

from collections.abc import Sequence

from rich.console import Console

from beam_deid.pipelines.language.console import said_text


def show_written(out: Console, paths: Sequence[str]) -> None:
    """Show where reports were written.

    Args:
        out: Where it is shown.
        paths: Their paths.
    """
    for path in paths:
        out.print(said_text(f"Report: {path}"), soft_wrap=True)
