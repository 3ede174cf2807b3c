"""What a document consists of, whatever it is written as.

Texts are English, and are said in the reader's language when the document is written (`beam_deid.pipelines.language`).
What must stay as it is, as a field's name or a figure, is `Verbatim`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from beam_deid.transforms.terms import Word


class Verbatim(str):
    """A text that is the same in every language: a name of the data, a code, a figure, what the policy's author wrote."""

    __slots__ = ()


class Tone(Word):
    """What a callout is about."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    Attributes:
        text: Its sentences.
    """

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list whose order means nothing.

    Attributes:
        items: A text each.
    """

    items: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """Pairs of a word and what is known of it.

    Attributes:
        pairs: Word and text, in the order in which they are shown.
    """

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        headings: A word for each column.
        rows: The cells of each row; as many as there are headings.
        caption: What the table shows, in a sentence.
        numbers: The columns, counted from 0, that hold numbers.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    numbers: Sequence[int] = ()


class Picture(Protocol):
    """A chart that can be drawn in any language."""

    def svg(self) -> str:
        """The drawing as one ``<svg>`` element, its words in the language that is spoken."""
        ...


@dataclass(frozen=True)
class Figure:
    """A chart, with what it shows in words, for who does not see it.

    Attributes:
        picture: The chart.
        caption: What it shows, in a sentence.
        told: The same facts in words.
    """

    picture: Picture
    caption: str
    told: str


@dataclass(frozen=True)
class Callout:
    """What must not be overlooked.

    Attributes:
        tone: What it is about.
        title: What it says, in a few words.
        text: The rest.
    """

    tone: Tone
    title: str
    text: str = ""


@dataclass(frozen=True)
class Fill:
    """What only a person can write.

    Attributes:
        question: What is to be written.
    """

    question: str


Block = Paragraph | Bullets | Facts | Grid | Figure | Callout | Fill


@dataclass(frozen=True)
class Section:
    """A part of a document.

    Attributes:
        key: What it is known by in links and headings; the same in every language.
        title: Its heading.
        blocks: What it says.
        level: How deep it stands: 1 for a part of the document, 2 for a part of the part before it, and so on.
    """

    key: str
    title: str
    blocks: Sequence[Block]
    level: int = 1


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes:
        title: Its title.
        sections: Its parts, in order.
    """

    title: str
    sections: Sequence[Section]
