"""What a figure means to a person, told beside the code that works it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

COUNTED = "Nothing: it tells how much there is, and no test goes by it."
"""The advice of a figure that only counts."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a figure means.

    Attributes:
        meaning: What it is, in plain words without a full stop.
        formula: How it is worked out, in signs; empty where the words say it.
        source: The paper, the book or the standard that has it; empty where it is no more than a count.
        test: The test of the label that goes by it, which says then what to do; empty where none does.
        advice: What to do about it, in sentences, where no test does say it.
        parts: The meaning of each of its parts, likewise without a full stop.
    """

    meaning: str
    formula: str = ""
    source: str = ""
    test: str = ""
    advice: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
