"""What the views have in common: tables, and values in their cells."""

from enum import Enum
from typing import Any

from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines.language.words import word, words
from beam_deid.transforms.terms import LabelName

NO_VALUE = "–"


class Detail(Enum):
    """How much is shown of what a release came to."""

    SHORT = "short"
    """What fails, one line each, and no more than finds room on a screen."""
    FAILING = "failing"
    """What fails in full, and of what passes how many."""
    ALL = "all"
    """All tests with their figures."""


def table(*headings: str, gap: int = 2) -> Table:
    """A table without lines whose cells are folded rather than cut off.

    Args:
        headings: The headings of its columns.
        gap: Blanks between two columns.
    """
    made = Table(box=None, padding=(0, gap, 0, 0), header_style="dim", pad_edge=False)
    for heading in words(*headings):
        made.add_column(heading, overflow="fold")
    return made


def figure(value: Any) -> str:
    """A figure of a label or an assessment as markup, thousands separated, floats with four digits; mappings and lists, too."""
    if value is None:
        return NO_VALUE
    if isinstance(value, dict):
        return ", ".join(f"{escape(name)} {figure(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(figure, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def count(number: int, what: str, many: str = "") -> str:
    """A number of things, in the singular or the plural.

    Args:
        number: How many.
        what: What one is called.
        many: What several are called, where that is more than an s behind it.
    """
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def label_style(label: str) -> str:
    """The colour of a label."""
    return "green" if label == LabelName.ANONYMIZED else "yellow"


def label_word(label: str) -> str:
    """A label in its colour, told what it means."""
    return f"[{label_style(label)}]{word(label)}[/]"


def mark(passed: bool) -> str:
    """A tick or a cross."""
    return "[green]✓[/green]" if passed else "[red]✗[/red]"
