"""What the views of a register have in common: texts from it that are safe to print, times, counts and sizes."""

from collections.abc import Iterable
from typing import Any

from rich import filesize
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from beam_deid.pipelines.views.cells import NO_VALUE, label_word
from beam_deid.transforms.terms import LabelName


def printable(text: str) -> str:
    """A text from a register without what would move a terminal's cursor, and without markup."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))


def minute(time: str) -> str:
    """A time of a register for a person, without seconds and zone; all of them are UTC."""
    return time[:16].replace("T", " ")


def size(number: float) -> str:
    """A number of bytes."""
    return filesize.decimal(round(number))


def styled(label: LabelName) -> str:
    """A label in its colour."""
    return label_word(label)


def names(found: Iterable[str]) -> str:
    """Names in a cell."""
    return ", ".join(map(printable, found)) or NO_VALUE


def or_none(text: str | None) -> str:
    """A text in a cell, or that there is none."""
    return printable(text) if text else NO_VALUE


def value(given: Any) -> str:
    """A value of an entry or a test in a cell."""
    if given is None:
        return NO_VALUE
    if isinstance(given, list):
        return names(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return printable(str(given))
    return f"{given:,}" if isinstance(given, int) else f"{given:.4g}"


def indented(table: Table) -> Padding:
    """A table, two blanks to the right."""
    return Padding(table, (0, 0, 0, 2))
