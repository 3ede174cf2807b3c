"""How a text of a document is said in the language that is spoken."""

import re

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.language.words import said, word
from beam_deid.pipelines.report.blocks import Checks, Fill, Grid, Verbatim
from beam_deid.pipelines.report.documents.contents.rights import TO_CONFIRM
from beam_deid.pipelines.report.visible import visible

_ENDS = re.compile(r" *[\t\r\n][ \t\r\n]*")
"""Where a text of several lines is broken."""


def told(text: str) -> str:
    """A text in the language that is spoken, in one line, every character of it seen; a heading may be a single word."""
    return visible(_ENDS.sub(" ", _in_language(text)).strip(" "))


def _in_language(text: str) -> str:
    if isinstance(text, Verbatim):
        return str(text)
    found = word(text)
    return said(text) if found == text else found


def asked(fill: Fill) -> str:
    """A question to a person, with the mark before it that asks for an answer."""
    return f"{told(TO_CONFIRM)} {told(fill.question)}"


def as_grid(checks: Checks) -> Grid:
    """Tests as a table."""
    rows = [(str(one.result), one.asks, one.measured, one.limit) for one in checks.items]
    return Grid(checks.HEADINGS, rows)


def is_to_fill_in(text: str) -> bool:
    """Whether a cell of a table waits for a person."""
    return isinstance(text, Bilingual) and text == TO_CONFIRM
