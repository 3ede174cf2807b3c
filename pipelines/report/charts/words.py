"""The words of charts, in the language that is spoken."""

from beam_deid.pipelines.language.words import said, word
from beam_deid.pipelines.report.blocks import Verbatim


def shown(text: str) -> str:
    """A text in the language that is spoken, which may be a single word; what is `Verbatim` stays as it is."""
    if isinstance(text, Verbatim):
        return text
    found = word(text)
    return said(text) if found == text else found
