"""What a code means that a person meets: a reason why records were rejected or withheld, or the name of a test behind a label."""

from collections.abc import Iterator
from dataclasses import dataclass

from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.table import limits_of
from beam_deid.transforms.terms import Reason, Withheld

REASON = "reason"
WITHHELD = "withheld"
TEST = "test"


@dataclass(frozen=True)
class Explanation:
    """What a code means.

    Attributes:
        code: The code; of a test without what it is about.
        what: Whether it is a reason why records are rejected, one why they are withheld, or a test.
        meaning: What it means, in words without a full stop.
        advice: What to do about it, in sentences.
        line: Of a test, its line of the label rule with what the line is about; else empty.
        limit: Of a test, its limit in public, controlled and enclave sharing; else empty.
        source: Of a test, where measure or limit comes from; else empty.
        option: Of a test, how a policy asks for more under ``require``; else empty.
    """

    code: str
    what: str
    meaning: str
    advice: str
    line: str = ""
    limit: str = ""
    source: str = ""
    option: str = ""


def explanations() -> Iterator[Explanation]:
    """All codes: reasons first, then tests by the lines of the label rule."""
    for reason in Reason:
        yield Explanation(str(reason), REASON, reason.meaning, reason.advice)
    for why in Withheld:
        yield Explanation(str(why), WITHHELD, why.meaning, why.advice)
    for requirement in sorted(REQUIREMENTS, key=lambda one: one.line):
        yield _of_test(requirement)


def _of_test(one: Requirement) -> Explanation:
    return Explanation(
        code=one.name,
        what=TEST,
        meaning=one.words[0].upper() + one.words[1:],
        advice=one.remedy,
        line=f"{one.line} ({LINES[one.line]})",
        limit=limits_of(one),
        source=one.default.source if one.default else one.source,
        option=one.example,
    )


def explanation_of(code: str) -> Explanation | None:
    """The meaning of a code, which may be written as a label has it, as ``l:category``; None where there is no such code."""
    known = {one.code: one for one in explanations()}
    return known.get(code) or known.get(code.partition(":")[0])
