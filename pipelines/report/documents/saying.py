"""How a text of a document is said in the language that is spoken."""

from collections.abc import Iterable

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.report.blocks import Fill, Verbatim
from beam_deid.pipelines.report.documents.contents.rights import TO_CONFIRM
from beam_deid.transforms.names import NAMES


def remember(names: Iterable[str]) -> None:
    """See that names of the data and its people stay as they are, whatever words they are like."""
    NAMES.add(name for name in names if name)


def told(text: str) -> str:
    """A text in the language that is spoken, its first letter in the case that it has."""
    return str(text) if isinstance(text, Verbatim) else said(text)


def asked(fill: Fill) -> str:
    """A question to a person, with the mark before it that asks for an answer."""
    return f"{told(TO_CONFIRM)} {told(fill.question)}"


def is_to_fill_in(text: str) -> bool:
    """Whether a cell of a table waits for a person."""
    return isinstance(text, Bilingual) and text == TO_CONFIRM
