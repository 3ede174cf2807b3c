"""What codes mean: one in full, or all of them in a line each."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from beam_deid.pipelines.views.cells import table
from beam_deid.transforms.label.explaining import REASON, TEST, Explanation

_TITLES = {REASON: "Why records are rejected", TEST: "Tests behind a label, by line of its rule"}


def show_explanation(out: Console, one: Explanation) -> None:
    """Show what a code means, and what to do about it."""
    title = (
        "a reason why records are rejected" if one.what == REASON else f"a test of line {one.line} of the label rule"
    )
    out.print(Text.assemble((one.code, "bold"), f": {title}"))
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, said in _facts(one):
        if said:
            facts.add_row(f"  {name}", Text(said))
    out.print(facts)


def _facts(one: Explanation) -> Iterable[tuple[str, str]]:
    yield "what it means", f"{one.meaning}."
    yield "limit", _limit(one)
    yield "source", one.source
    yield "ask for more", f"require: {{{one.option}}}" if one.option else ""
    yield "what to do", one.advice


def _limit(one: Explanation) -> str:
    if "," not in one.limit:
        return one.limit
    return f"{one.limit} in public, controlled, enclave sharing"


def show_all(out: Console, every: Iterable[Explanation]) -> None:
    """Show all codes, in a line each as far as one goes."""
    listed = list(every)
    for what, title in _TITLES.items():
        out.print(f"[bold]{title}[/bold]")
        grid = table("", "", "")
        grid.show_header = False
        for one in (one for one in listed if one.what == what):
            grid.add_row(f"  {one.line[:1]}", one.code, Text(one.meaning, no_wrap=True, overflow="ellipsis"))
        out.print(grid)
    out.print("Each in full, with what to do: beam-deid explain CODE")
