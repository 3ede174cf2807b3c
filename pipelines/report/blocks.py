"""What a document consists of, whatever it is written as.

Texts are English, and are said in the reader's language when the document is written (`beam_deid.pipelines.language`).
What must stay as it is, as a field's name or a figure, is `Verbatim`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from beam_deid.transforms.terms import Word


class Verbatim(str):
    """A text that is the same in every language: a name of the data, a code, a figure, what the policy's author wrote."""

    __slots__ = ()


class Tone(Word):
    """What a callout, a part or a mark is about."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


class Link(Verbatim):
    """A name that leads to another page.

    Attributes:
        to: Where it leads, as a relative URL.
    """

    __slots__ = ("to",)
    to: str

    def __new__(cls, text: str, to: str) -> "Link":
        """A name with where it leads."""
        made = super().__new__(cls, text)
        made.to = to
        return made


class Mark(str):
    """A word that stands out by its tone, as a verdict in a table; wherever nothing can stand out, the word.

    Attributes:
        tone: Its tone.
    """

    __slots__ = ("tone",)
    tone: Tone

    def __new__(cls, text: str, tone: Tone) -> "Mark":
        """A word with its tone."""
        made = super().__new__(cls, text)
        made.tone = tone
        return made


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


@dataclass(frozen=True)
class Check:
    """Something that was tested.

    Attributes:
        passed: Whether it holds.
        asks: What is tested, in a sentence.
        code: The name that it is known by in the evidence.
        measured: What was measured.
        limit: What it was compared with.
        found: What was found, in a sentence.
    """

    passed: bool
    asks: str
    code: str
    measured: str
    limit: str
    found: str = ""

    @property
    def result(self) -> Mark:
        """Whether it holds, as a word."""
        return Mark("holds", Tone.GOOD) if self.passed else Mark("does not hold", Tone.BAD)


@dataclass(frozen=True)
class Checks:
    """What was tested, with what was measured and what it was compared with.

    Attributes:
        items: The tests, in order.
    """

    items: Sequence[Check]

    HEADINGS: ClassVar[tuple[str, ...]] = ("Result", "What is tested", "Measured", "Required")
    """What its columns are called, wherever it is written as a table."""


@dataclass(frozen=True)
class Part:
    """A part of a section, with a heading of its own.

    Attributes:
        title: Its heading.
        blocks: What it says.
        lead: What it is about, in a sentence that is seen even where it is closed.
        mark: What stands beside the heading; None where nothing does.
        folded: On a page whether it is closed until a reader opens it; None where it cannot be closed.
    """

    title: str
    blocks: "Sequence[Block]"
    lead: str = ""
    mark: Mark | None = None
    folded: bool | None = None


Block = Paragraph | Bullets | Facts | Grid | Figure | Callout | Fill | Checks | Part


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
