"""The first screen: the verdict, why, what would change it, and what it does not say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.amounts import amount, count, measured_and_limit, requirement_of, share
from beam_deid.pipelines.report.blocks import Block, Bullets, Callout, Facts, Paragraph, Part, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.limits import limits
from beam_deid.pipelines.views.changes import by_text, reasons
from beam_deid.transforms.label.lines import LINE_WORDS, LINES
from beam_deid.transforms.terms import LabelName

_NEAR = 0.9
"""From which share of a limit on a figure is told to be close to it."""

_NEW_RUN = "A new run, which measures what was not measured; what it finds may be better or worse."

Label = Mapping[str, Any]


def section(evidence: Evidence) -> Section:
    """What a reader must know who reads nothing else."""
    label = evidence.label
    blocks: list[Block] = [
        _verdict(label),
        _figures(label),
        *(_holding(label) if is_anonymized(label) else _failing(evidence)),
    ]
    blocks.append(Part("What this verdict does not cover", [Bullets(list(limits(label)))]))
    return Section("verdict", "The verdict", blocks)


def is_anonymized(label: Label) -> bool:
    """Whether a release is labelled anonymized."""
    return bool(label["label"] == LabelName.ANONYMIZED)


def _verdict(label: Label) -> Callout:
    name = label["release"]
    tests = label["tests"]
    failing = sum(not one["passed"] for one in tests)
    if is_anonymized(label):
        title = f"Within the tests below, the release {name} is labelled anonymized."
        text = (
            f"All {len(tests)} tests hold on what is released. This is what was measured, and no legal opinion: whether it may be "
            "given out is for a person to decide."
        )
        return Callout(Tone.GOOD, title, _dated(label, text))
    title = f"The release {name} is still personal information."
    text = (
        f"{failing} of {len(tests)} tests do not hold, and all of them must. The law on personal information applies to it in "
        "full: whoever keeps it or gives it out needs a legal basis."
    )
    return Callout(Tone.BAD, title, _dated(label, text))


def _dated(label: Label, text: str) -> str:
    """A text with the day of which it speaks, where the label says it."""
    if label.get("assessed_at") is None:
        return text
    day = f"Measured on {label['assessed_at'][:10]}"
    return f"{day}. {text}"


def _figures(label: Label) -> Facts:
    """The figures that everybody asks for first."""
    records = label.get("records")
    risk = label.get("risk") or {}
    facts: list[tuple[str, str]] = []
    if records is not None:
        facts.append(("Records released, of those read", Verbatim(f"{records['released']:,} / {records['read']:,}")))
    if risk.get("subjects") is not None:
        facts.append(("Persons in it", count(risk["subjects"])))
    if risk.get("k") is not None:
        facts.append(("Persons in the smallest group (k)", count(risk["k"])))
    if risk.get("sharing"):
        facts.append(("Overall risk (R)", share(risk["sharing"]["R"])))
    return Facts(facts)


def _by_line(tests: Sequence[Label]) -> Iterator[tuple[int, list[Label]]]:
    for number in LINES:
        of_line = [one for one in tests if one["line"] == number]
        if of_line:
            yield number, of_line


def _failing(evidence: Evidence) -> Iterator[Block]:
    """Why a release is personal, the lines in their order, which is that of their weight; and what would change that."""
    label = evidence.label
    yield Part("Why", [Facts([_reason(number, tests) for number, tests in _by_line(label["tests"]) if _fails(tests)])])
    yield Part("What would change it", [*_expected(evidence), *_changes(label)])


def _fails(tests: Sequence[Label]) -> bool:
    return not all(one["passed"] for one in tests)


def _reason(number: int, tests: Sequence[Label]) -> tuple[str, str]:
    first = next(one for one in tests if not one["passed"])
    detail = first["detail"]
    if first["measured"] is None:
        return LINE_WORDS[number].title, f"This was not measured, so it does not hold: {detail}"
    requirement = requirement_of(first["name"])
    if not first["limit"] and (requirement is None or not requirement.is_share):  # a count of what the detail names
        return LINE_WORDS[number].fails, detail
    measured, limit = measured_and_limit(first["name"], first["measured"], first["limit"])
    return LINE_WORDS[number].fails, f"Measured {measured}, required {limit}: {detail}"


def _expected(evidence: Evidence) -> Iterator[Block]:
    if evidence.declared.get("expect") == LabelName.STILL_PERSONAL:
        yield Paragraph("The policy expects it to be personal, so nothing has to change for its purpose.")


def _changes(label: Label) -> Iterator[Block]:
    ways = by_text(label.get("changes") or ())
    blocked = reasons((label.get("search") or {}).get("blocked"))
    if not ways and not blocked:
        unmeasured = any(one["measured"] is None for one in label["tests"])
        yield Paragraph(_NEW_RUN if unmeasured else "Nothing was found that would change it.")
        return
    yield Paragraph("To become anonymized it would take all of this together, and a new run that measures it:")
    yield Bullets([*blocked, *ways])


def _holding(label: Label) -> Iterator[Block]:
    """What holds of an anonymized release, and what would take the label away."""
    held = [LINE_WORDS[number].holds for number, _ in _by_line(label["tests"])]
    yield Part("Why", [Bullets(held)])
    yield Part("What would change it", [Bullets(list(_endings(label)))])
    yield Part("On which condition it holds", [Bullets(list(_conditions(label)))])


def _endings(label: Label) -> Iterator[str]:
    yield "Another release of the same records, with other columns or at other levels: both say more together than each alone."
    near = _nearest(label["tests"])
    if near is not None:
        measured, limit = measured_and_limit(near["name"], near["measured"], near["limit"])
        yield f"Slightly different data: {near['name']} has little room left (measured {measured}, required {limit})."
    until = (label.get("environment") or {}).get("valid_until")
    if until is not None:
        yield f"The end of {until}: until then the recipient's surroundings are stated; after it the worst counts."
    if label.get("review_by") is not None:
        yield f"What becomes known meanwhile, such as new ways of finding persons: it is to be reviewed by {label['review_by']}."


def _nearest(tests: Sequence[Label]) -> Label | None:
    """The test with a share or a risk that is closest to its limit; None where none is close."""
    close = [
        (one["measured"] / one["limit"], one)
        for one in tests
        if one["measured"] and one["limit"] and one["measured"] < one["limit"]
    ]
    found = max(close, key=lambda pair: pair[0], default=None)
    return found[1] if found is not None and found[0] >= _NEAR else None


def _conditions(label: Label) -> Iterator[str]:
    if label.get("condition"):
        yield f"It holds {label['condition']}."
    if label.get("sharing"):
        yield f"It holds for the sharing that was tested ({label['sharing']}), and for no wider one."
    environment = label.get("environment") or {}
    if environment.get("E") is not None:
        risk = amount(environment["E"])
        yield f"It rests on what is stated of the recipient's surroundings, which nobody has checked (E = {risk})."
