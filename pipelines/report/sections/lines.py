"""The nine lines of the label rule: what each asks, its tests, and what came of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.amounts import measured_and_limit, requirement_of
from beam_deid.pipelines.report.blocks import Check, Checks, Facts, Mark, Paragraph, Part, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.changing import personal_beside
from beam_deid.transforms.label.lines import LINE_WORDS, LINES

_COMPOSITION = 8
Test = Mapping[str, Any]


def section(evidence: Evidence) -> Section:
    """All nine lines, those open in which a test does not hold."""
    told = Paragraph(
        "The label follows from nine lines of tests. It is anonymized only if every test holds on what is released; whatever is "
        "unknown or was not measured does not hold. There is one exception: where no register is kept, nobody knows what other "
        "runs gave out; line 8 does not hold then in public sharing, while in controlled and enclave sharing it is told as a "
        "condition of the label. A line without any test says why it was not tested."
    )
    tests = evidence.label["tests"]
    personal = personal_beside(evidence)
    lines = [_line(number, [one for one in tests if one["line"] == number], personal) for number in LINES]
    return Section("lines", "The tests, line by line", [told, *lines])


def _line(number: int, tests: Sequence[Test], personal: Sequence[str]) -> Part:
    words = LINE_WORDS[number]
    rule = Facts([("The rule", words.rule)])
    if not tests:
        untested = words.untested
        if number == _COMPOSITION and personal:
            names = ", ".join(personal)
            untested = (
                f"Releases of the same run that the policy expects to be personal were not tested together with it: {names}. They "
                "stay personal information with whoever is given them. No other one is known of."
            )
        return Part(words.title, [rule, Paragraph(untested)], words.asks, Mark("not tested", Tone.NOTE), folded=True)
    holds = all(one["passed"] for one in tests)
    return Part(words.title, [rule, Checks([*map(_check, tests)])], words.asks, mark_of(holds), folded=holds)


def mark_of(holds: bool) -> Mark:
    """Whether something holds, as a word."""
    return Mark("holds", Tone.GOOD) if holds else Mark("does not hold", Tone.BAD)


def _check(test: Test) -> Check:
    measured, limit = measured_and_limit(test["name"], test["measured"], test["limit"])
    return Check(
        passed=test["passed"],
        asks=asked_by(test),
        code=test["name"],
        measured=measured,
        limit=limit,
        found=test["detail"],
    )


def asked_by(test: Test) -> str:
    """What a test measures, in words; its name, if this version does not know it."""
    requirement = requirement_of(test["name"])
    return Verbatim(test["name"]) if requirement is None else requirement.words
