"""``sets/*.yaml``: sets of headings that one evidence is written under, each of a law or a standard."""

from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.transforms.recognisers.categories.category import Section, read_document

SETS = ("pipia", "iso27559", "ico")
"""All sets, the first of which is taken where none is named."""


class TwoTexts(Section):
    """A text in both languages.

    Attributes:
        en: The English one.
        zh: The Chinese one.
    """

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    @property
    def said(self) -> Bilingual:
        """The text, to be said in the language of the reader."""
        return Bilingual(self.en, self.zh)


class Part(Section):
    """A heading, and what stands below it.

    Attributes:
        number: Its number in the standard; empty where it has none.
        title: The heading.
        clause: Where it is from.
        level: How deep it stands, 1 to 3.
        contents: What the evidence fills in, by the names of `contents.CONTENTS`.
        asks: What only a person can answer.
    """

    number: str
    title: TwoTexts
    clause: str = Field(min_length=1)
    level: int = Field(1, ge=1, le=3)
    contents: tuple[str, ...]
    asks: tuple[TwoTexts, ...]

    @property
    def heading(self) -> Bilingual:
        """Number and title."""
        before = f"{self.number} " if self.number else ""
        return Bilingual(f"{before}{self.title.en}", f"{before}{self.title.zh}")


class Headings(Section):
    """A set of headings.

    Attributes:
        version: Version of the file's form.
        name: Its name.
        title: The title of a document under them.
        source: The law or the standard that they are from.
        parts: The headings in their order.
    """

    version: Literal[1]
    name: str
    title: TwoTexts
    source: str
    parts: tuple[Part, ...]


@cache
def headings(name: str) -> Headings:
    """A set of headings.

    Args:
        name: One of `SETS`.

    Raises:
        UsageError: The file is wrong.
    """
    text = resources.files("beam_deid.pipelines.report.documents").joinpath("sets", f"{name}.yaml").read_text("utf-8")
    return read_document(Headings, text, f"{name}.yaml")
