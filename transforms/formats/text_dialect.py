"""The bytes that give delimited text its structure: between values, around them and between lines."""

from typing import NamedTuple

LF = ord("\n")
CR = ord("\r")
BACKSLASH = ord("\\")
STAND_IN = "\x1f"
"""Stands for a delimiter of several characters, or of one outside ASCII, once the text is decoded; what was this is NUL then."""


class Dialect(NamedTuple):
    """How values are told apart.

    Attributes:
        delimiter: The byte between values.
        quote: The byte around values, or None where no value is quoted.
        backslash: Whether a backslash in a quoted value takes the quote or backslash after it as it is.
    """

    delimiter: int
    quote: int | None = ord('"')
    backslash: bool = False
