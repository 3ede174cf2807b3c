"""The first screen: the verdict, why, what would change it, and what it does not say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.amounts import count, measured_and_limit, requirement_of, share
from beam_deid.pipelines.report.blocks import Block, Bullets, Callout, Facts, Paragraph, Part, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.changing import changes, conditions, endings, figure_of
from beam_deid.pipelines.report.sections.limits import limits
from beam_deid.transforms.label.lines import LINE_WORDS, LINES
from beam_deid.transforms.terms import LabelName

_LAW = (
    "What has been anonymized is no personal information (PIPL Art. 4): processed so that no particular person can be identified "
    "and nothing can be restored (Art. 73(4)).",
    "What has only been de-identified, so that no particular person can be identified without additional information, stays "
    "personal information (Art. 73(3)).",
    "The label of this tool is evidence for the question of Art. 73(4); whether the law is met, a person decides.",
)

Label = Mapping[str, Any]


def section(evidence: Evidence) -> Section:
    """What a reader must know who reads nothing else."""
    label = evidence.label
    blocks: list[Block] = [
        _verdict(label),
        _figures(label),
        Bullets(list(_LAW)),
        *(_holding(evidence) if is_anonymized(label) else _failing(evidence)),
    ]
    blocks.append(Part("What this verdict does not cover", [Bullets(list(limits(label)))]))
    return Section("verdict", "The verdict", blocks)


def is_anonymized(label: Label) -> bool:
    """Whether a release is labelled anonymized."""
    return bool(label["label"] == LabelName.ANONYMIZED)


def _verdict(label: Label) -> Callout:
    if "run" not in label:
        return _of_assessed(label)
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


def _of_assessed(label: Label) -> Callout:
    """What is said of a dataset that somebody measured: no run made it, so that it bears no label."""
    tests = label["tests"]
    if is_anonymized(label):
        title = "Within the tests below, this dataset would be labelled anonymized. It bears no label."
        text = (
            f"All {len(tests)} tests hold on what was read. How it was made is not known, and no test could ask for it."
        )
        return Callout(Tone.NOTE, title, _dated(label, text))
    failing = sum(not one["passed"] for one in tests)
    title = "This dataset would be labelled still personal information."
    return Callout(
        Tone.BAD, title, _dated(label, f"{failing} of {len(tests)} tests do not hold, and all of them must.")
    )


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
    yield Part("What would change it", [*_expected(evidence), *changes(label)])


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


def _holding(evidence: Evidence) -> Iterator[Block]:
    """What holds of an anonymized release, and what would take the label away."""
    label = evidence.label
    yield Part("Why", [Facts([_held(number, tests) for number, tests in _by_line(label["tests"])])])
    yield Part("What would change it", [Bullets(list(endings(label)))])
    yield Part("On which condition it holds", [Bullets(list(conditions(evidence)))])


def _held(number: int, tests: Sequence[Label]) -> tuple[str, str]:
    """What is known of a line, with the figures that it rests on."""
    return LINE_WORDS[number].holds, Verbatim("; ".join(map(figure_of, tests)))
