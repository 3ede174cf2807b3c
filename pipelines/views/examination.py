"""What was found when somebody asked whether a run would work."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.language.words import said, word
from beam_deid.pipelines.views.cells import mark
from beam_deid.transforms.doctor.finding import Finding


def show_findings(out: Console, found: Sequence[Finding]) -> None:
    """Show what was looked at, first here and then on the workers: what is equal on several of them once."""
    here = [one for one in found if not one.at]
    for one in here:
        _show(out, one)
    workers: dict[tuple[str, str], list[Finding]] = {}
    for one in found:
        if one.at:
            workers.setdefault((one.check, _told(one)), []).append(one)
    if workers:
        out.print(f"{escape(word('On the workers'))}:")
    for several in workers.values():
        _show(out, several[0])
        if not several[0].passed:
            out.print(f"    {escape('; '.join(said(one.at) for one in several))}")


def _show(out: Console, one: Finding) -> None:
    out.print(f"{mark(one.passed)} {escape(one.check)}: {escape(said(_told(one)))}")


def _told(one: Finding) -> str:
    return one.told if one.error is None else one.error.message
