"""How a text of a document is said in the language that is spoken."""

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.language.words import said, word
from beam_deid.pipelines.report.blocks import Checks, Fill, Grid, Verbatim
from beam_deid.pipelines.report.documents.contents.rights import TO_CONFIRM


def told(text: str) -> str:
    """A text in the language that is spoken; a heading may be a single word."""
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
