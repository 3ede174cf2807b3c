"""What codes mean: one in full, or all of them in a line each."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.language.words import joined, said, word
from beam_deid.pipelines.views.cells import table
from beam_deid.transforms.label.explaining import REASON, TEST, WITHHELD, Explanation

_TITLES = {
    REASON: "Why records are rejected",
    WITHHELD: "Why records are withheld",
    TEST: "Tests behind a label, by line of its rule",
}


def show_explanation(out: Console, one: Explanation) -> None:
    """Show what a code means, and what to do about it."""
    out.print(Text.assemble((one.code, "bold"), f": {_title(one)}"))
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, told in _facts(one):
        if told:
            facts.add_row(f"  {word(name)}", said_text(told))
    out.print(facts)


def _title(one: Explanation) -> str:
    """What a code is, in the language of the call."""
    if one.what == REASON:
        return said("a reason why records are rejected")
    if one.what == WITHHELD:
        return said("a reason why records are withheld")
    line, _, topic = one.line.partition(" ")
    return said(f"a test of line {line} ({word(topic.strip('()'))}) of the label rule")


def _facts(one: Explanation) -> Iterable[tuple[str, str]]:
    yield "what it means", joined(_meaning(one), ".", "")
    yield "limit", _limit(one)
    yield "source", one.source
    yield "ask for more", f"require: {{{one.option}}}" if one.option else ""
    yield "what to do", one.advice


def _meaning(one: Explanation) -> str:
    """What a code means, in the language of the call; of a test the words are those that others show of it, without a capital."""
    words = f"{one.meaning[0].lower()}{one.meaning[1:]}"
    found = said(words)
    return found if one.what == TEST and found != words else said(one.meaning)


def _limit(one: Explanation) -> str:
    if "," not in one.limit:
        return one.limit
    return f"{one.limit} {said('in public, controlled, enclave sharing')}"


def show_all(out: Console, every: Iterable[Explanation]) -> None:
    """Show all codes, in a line each as far as one goes."""
    listed = list(every)
    for what, title in _TITLES.items():
        out.print(f"[bold]{said(title)}[/bold]")
        grid = table("", "", "")
        grid.show_header = False
        for one in (one for one in listed if one.what == what):
            grid.add_row(f"  {one.line[:1]}", one.code, Text(_meaning(one), no_wrap=True, overflow="ellipsis"))
        out.print(grid)
    out.print("Each in full, with what to do: beam-deid explain CODE")
