"""The languages of a page, and a text in each of them."""

from dataclasses import dataclass

from beam_deid.pipelines.language.words import said, spoken_in, word
from beam_deid.pipelines.report.blocks import Verbatim


@dataclass(frozen=True)
class Language:
    """A language of a page.

    Attributes:
        code: What it is chosen by.
        tag: What HTML calls it, after BCP 47.
        name: What it calls itself.
    """

    code: str
    tag: str
    name: str


LANGUAGES = {one.code: one for one in (Language("zh", "zh-CN", "中文"), Language("en", "en", "English"))}
"""All languages, by code."""


def in_language(text: str, code: str) -> str:
    """A text in a language; a heading may be a single word.

    Args:
        text: The text.
        code: The language's code.
    """
    if isinstance(text, Verbatim):
        return text
    with spoken_in(code):
        found = word(text)
        return said(text) if found == text else found
