"""What codes mean: one in full, some of them in a line each, or all of them by name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.language.words import joined, said, word
from beam_deid.pipelines.views.cells import table
from beam_deid.transforms.label.explanation import Explanation, What

_TITLES: Mapping[What, str] = {
    What.LABEL: "What a release is, by its label and for its recipient",
    What.LINE: "Lines of the label rule",
    What.TEST: "Tests behind a label, by line of its rule",
    What.FIGURE: "Figures in a label or an assessment",
    What.GRADE: "Grades, told beside a label",
    What.RECOVERABILITY: "How far a field can be turned back",
    What.ROLE: "What a field says about a person",
    What.SHARING: "Who gets a release",
    What.OUTCOME: "What becomes of records",
    What.WITHHELD: "Why records are withheld",
    What.REASON: "Why records are rejected",
}
_KINDS: Mapping[What, str] = {
    What.LABEL: "what a release is",
    What.LINE: "a line of the label rule",
    What.FIGURE: "a figure of a label or an assessment",
    What.GRADE: "a grade, told beside a label",
    What.RECOVERABILITY: "how far a field can be turned back",
    What.ROLE: "what a field says about a person",
    What.SHARING: "who gets a release",
    What.OUTCOME: "what becomes of records",
    What.WITHHELD: "a reason why records are withheld",
    What.REASON: "a reason why records are rejected",
}

TOPICS: Mapping[str, tuple[What, ...]] = {
    "labels": (What.LABEL,),
    "lines": (What.LINE,),
    "tests": (What.TEST,),
    "figures": (What.FIGURE,),
    "grades": (What.GRADE,),
    "fields": (What.RECOVERABILITY, What.ROLE),
    "sharing": (What.SHARING,),
    "outcomes": (What.OUTCOME,),
    "reasons": (What.WITHHELD, What.REASON),
}
"""Lists of codes, by what they are called on the command line."""


def show_explanation(out: Console, one: Explanation) -> None:
    """Show what a code means, and what to do about it."""
    out.print(Text.assemble((one.code, "bold"), f": {_title(one)}"))
    facts = _grid()
    for name, told in _facts(one):
        if told:
            facts.add_row(f"  {word(name)}", said_text(told))
    out.print(facts)
    _show_parts(out, one)


def _grid() -> Table:
    """A grid of what something is called, in its own width, and what is said of it."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def _title(one: Explanation) -> str:
    """What a code is, in the language of the call."""
    if one.what is not What.TEST:
        return said(_KINDS[one.what])
    line, _, topic = one.line.partition(" ")
    return said(f"a test of line {line} ({word(topic.strip('()'))}) of the label rule")


def _facts(one: Explanation) -> Iterator[tuple[str, str]]:
    yield "what it means", joined(_meaning(one), ".", "")
    yield "limit", _limit(one)
    yield "formula", one.formula
    yield "source", one.source
    yield "in label.json", one.place
    yield "tested by", one.test
    yield "ask for more", f"require: {{{one.option}}}" if one.option else ""
    yield "what to do", one.advice


def _meaning(one: Explanation) -> str:
    """What a code means, in the language of the call; of a test the words are those that others show of it, without a capital."""
    found = said(one.words)
    return said(one.meaning) if found == one.words else found


def _limit(one: Explanation) -> str:
    if "," not in one.limit:
        return one.limit
    return f"{one.limit} {said('in public, controlled, enclave sharing')}"


def _show_parts(out: Console, one: Explanation) -> None:
    """Show the parts of a figure, or the tests of a line."""
    if not one.parts:
        return
    out.print(f"  {said('its tests') if one.what is What.LINE else said('its parts')}", style="dim")
    parts = _grid()
    for name, meaning in one.parts.items():
        parts.add_row(f"    {name}", said_text(meaning))
    out.print(parts)


def show_listed(out: Console, every: Sequence[Explanation]) -> None:
    """Show codes, in a line each as far as one goes."""
    for what, title in _TITLES.items():
        listed = [one for one in every if one.what is what]
        if listed:
            out.print(f"[bold]{said(title)}[/bold]")
            _show_lines(out, listed)
    out.print("Each in full, with what to do: beam-deid explain CODE")


def _show_lines(out: Console, listed: Iterable[Explanation]) -> None:
    grid = table("", "", "")
    grid.show_header = False
    for one in listed:
        line = one.line[:1] if one.what is What.TEST else ""
        grid.add_row(f"  {line}", one.code, Text(_meaning(one), no_wrap=True, overflow="ellipsis"))
    out.print(grid)


def show_all(out: Console, every: Sequence[Explanation]) -> None:
    """Show what codes there are, without what they mean."""
    grid = _grid()
    for topic, kinds in TOPICS.items():
        titles = (said(_TITLES[what]) for what in kinds)
        codes = ", ".join(one.code.replace(" ", "\N{NO-BREAK SPACE}") for one in every if one.what in kinds)
        grid.add_row(Text(topic, "bold"), Text("; ".join(titles), "dim"))
        grid.add_row("", codes)
    out.print(grid)
    out.print("A list with what each means: beam-deid explain LIST, as reasons")
    out.print("Each in full, with what to do: beam-deid explain CODE")
