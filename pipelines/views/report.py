"""Where reports are."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from beam_deid.pipelines.language.console import said_text


def report_line(path: str) -> Text:
    """The line that says where a report is."""
    return said_text(f"Report: {path}")


def show_written(out: Console, paths: Sequence[str]) -> None:
    """Show where reports were written.

    Args:
        out: Where it is shown.
        paths: Their paths.
    """
    for path in paths:
        out.print(report_line(path), soft_wrap=True)
