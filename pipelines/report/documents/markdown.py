"""Documents as Markdown (CommonMark with tables), UTF-8."""

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch

from beam_deid.pipelines.report.blocks import (
    Block,
    Bullets,
    Callout,
    Checks,
    Document,
    Facts,
    Figure,
    Fill,
    Grid,
    Paragraph,
    Part,
)
from beam_deid.pipelines.report.documents.saying import as_grid, asked, is_to_fill_in, told

_MARKED = re.compile(r"[\\`*<>|\[\]~&@]|(?<!\w)_|_(?!\w)|(?<=\w):(?=//)|(?<=\bwww)\.", re.IGNORECASE)
"""What Markdown would take for more than a character, or for a link; a low line within a word is one."""
_AT_START = re.compile(r"^(\s*)([#+\-]|\d+[.)])(?=\s|$)")


def as_markdown(document: Document) -> bytes:
    """Write a document in the language that is spoken."""
    lines = [f"# {_text(document.title)}", ""]
    for section in document.sections:
        lines += [f"{'#' * (section.level + 1)} {_text(section.title)}", ""]
        for block in section.blocks:
            lines += [*_lines(block), ""]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _text(text: str) -> str:
    return _escaped(told(text))


def _escaped(text: str) -> str:
    """A text in one line, of which nothing is taken for markup."""
    line = " ".join(text.split())
    return _AT_START.sub(r"\1\\\2", _MARKED.sub(r"\\\g<0>", line))


@singledispatch
def _lines(block: Block) -> Iterator[str]:
    raise TypeError(f"{type(block).__name__} is no block")


@_lines.register
def _(block: Paragraph) -> Iterator[str]:
    yield _text(block.text)


@_lines.register
def _(block: Bullets) -> Iterator[str]:
    yield from (f"- {_text(item)}" for item in block.items)


@_lines.register
def _(block: Facts) -> Iterator[str]:
    yield from (f"- **{_text(word)}**: {_text(text)}" for word, text in block.pairs)


@_lines.register
def _(block: Grid) -> Iterator[str]:
    if block.caption:
        yield f"*{_text(block.caption)}*"
        yield ""
    yield _row([_text(one) for one in block.headings])
    yield _row(["---:" if number in block.numbers else "---" for number in range(len(block.headings))])
    yield from (_row([_cell(cell) for cell in row]) for row in block.rows)


def _cell(cell: str) -> str:
    return f"**{told(cell)}**" if is_to_fill_in(cell) else _text(cell)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


@_lines.register
def _(block: Checks) -> Iterator[str]:
    yield from _lines(as_grid(block))


@_lines.register
def _(block: Part) -> Iterator[str]:
    yield f"**{_text(block.title)}**"
    for inner in (*([Paragraph(block.lead)] if block.lead else []), *block.blocks):
        yield ""
        yield from _lines(inner)


@_lines.register
def _(block: Figure) -> Iterator[str]:
    yield f"*{_text(block.caption)}*"
    yield ""
    yield _text(block.told)


@_lines.register
def _(block: Callout) -> Iterator[str]:
    yield f"> **{_text(block.title)}**"
    if block.text:
        yield ">"
        yield f"> {_text(block.text)}"


@_lines.register
def _(block: Fill) -> Iterator[str]:
    yield f"> {_escaped(asked(block))}"
