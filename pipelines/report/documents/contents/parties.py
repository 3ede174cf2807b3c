"""Who takes part: whoever made the releases, whoever receives them, and whoever might attack them."""

from collections.abc import Iterator
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Grid, Paragraph, Verbatim
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.accountability import section as accountability_section
from beam_deid.pipelines.report.sections.recipients import section as recipients_section
from beam_deid.pipelines.report.wording import NOT_SAID, number, said_or_not


def accountable(whole: WholeRun) -> Iterator[Block]:
    """Who made the releases, and approved them."""
    section = accountability_section(whole.evidences)
    yield from section.blocks if section is not None else ()


def recipients(whole: WholeRun) -> Iterator[Block]:
    """Who receives the releases."""
    section = recipients_section(whole.evidences)
    yield from section.blocks if section is not None else ()


def recipient_environment(whole: WholeRun) -> Iterator[Block]:
    """The environment that recipients work in, as it was declared."""
    yield Paragraph(
        "What is not declared counts as the worst. E is the chance that the recipient's environment lets somebody try, from 0 to "
        "1; it lowers the overall risk alone."
    )
    yield Grid(
        (
            *(
                "The release",
                "Controls that lower the risk",
                "Motive and capacity to re-identify",
                "Security of the recipient",
            ),
            *("Environment risk E", "Environment stated by", "Stated until"),
        ),
        [_environment(one) for one in whole.evidences],
        "The environment of each release's recipient",
        numbers=(4,),
    )


def _environment(one: Evidence) -> tuple[str, ...]:
    environment = one.label.get("environment", {})
    stated = one.declared.get("environment") or {}
    return (
        Verbatim(one.name),
        _or_worst(environment.get("controls"), "low"),
        _or_worst(environment.get("motive"), "high"),
        _or_worst(environment.get("security"), "low"),
        number(environment.get("E")),
        said_or_not(stated.get("stated_by")),
        said_or_not(stated.get("valid_until")),
    )


_LEVELS = {"low": "it is low", "medium": "it is medium", "high": "it is high"}


def _or_worst(level: Any, worst: str) -> str:
    """A level as it was declared; the worst one counts where none was."""
    if level == worst:
        return f"{_LEVELS[worst]}, or nobody says it"
    return _LEVELS.get(level, NOT_SAID)


def attackers(whole: WholeRun) -> Iterator[Block]:
    """Whom the policy declares as attackers, and what they know."""
    rows = [
        (
            Verbatim(one.name),
            Verbatim(name),
            Verbatim(", ".join(facts["known"])),
            "with a table" if facts["table"] else "without one",
        )
        for one in whole.evidences
        for name, facts in one.label.get("attackers", {}).items()
    ]
    if not rows:
        yield Paragraph("The policy declares no attacker beside what every release is tested against.")
        return
    yield Grid(
        ("The release", "The attacker", "What it knows", "Tested with its table"),
        rows,
        "Attackers that the policy declares",
    )
