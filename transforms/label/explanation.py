"""What a code means that a person meets in a label, a report or a file of rejected records."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beam_deid.transforms.terms import Word


class What(Word):
    """What a code is."""

    LABEL = "label"
    LINE = "line"
    TEST = "test"
    FIGURE = "figure"
    GRADE = "grade"
    RECOVERABILITY = "recoverability"
    ROLE = "role"
    SHARING = "sharing"
    OUTCOME = "outcome"
    WITHHELD = "withheld"
    REASON = "reason"


@dataclass(frozen=True)
class Explanation:
    """What a code means.

    Attributes:
        code: The code; of a test without what it is about, of a line or a grade with its number.
        what: What it is.
        meaning: What it means, in words without a full stop.
        advice: What to do about it, in sentences.
        line: Of a test, and of a figure that a test goes by, its line of the label rule with what the line is about; else empty.
        limit: Of a test, its limit in public, controlled and enclave sharing; else empty.
        source: Where a measure, a limit or a grade comes from; empty where it needs no source.
        option: Of a test, how a policy asks for more under ``require``; else empty.
        formula: Of a figure, how it is worked out, in signs; empty where the words say it.
        place: Of a figure, its place in ``label.json`` without the names of the data on the way; else empty.
        test: Of a figure, the test that goes by it; else empty.
        parts: Of a figure, what each of its parts is; of a line, what each of its tests measures.
    """

    code: str
    what: What
    meaning: str
    advice: str
    line: str = ""
    limit: str = ""
    source: str = ""
    option: str = ""
    formula: str = ""
    place: str = ""
    test: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The meaning as others show it as well, and other languages know it: of a test without a capital."""
        return f"{self.meaning[0].lower()}{self.meaning[1:]}" if self.what is What.TEST else self.meaning
