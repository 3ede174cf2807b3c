"""Who gets what: recipients, contracts, periods, and what each release is for its recipient."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Facts, Fill, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import Given, given_to
from beam_deid.pipelines.report.wording import LABELS, NOT_SAID, RECIPIENT_ROLES, STATEMENTS, said_or_not


def section(evidences: Sequence[Evidence]) -> Section | None:
    """The recipients of a run's releases; None of what no run made."""
    if not evidences or evidences[0].run is None:
        return None
    return Section("recipients", "Who receives what", list(_blocks(evidences)))


def _blocks(evidences: Sequence[Evidence]) -> Iterator[Block]:
    found = [(one, given_to(one)) for one in evidences]
    yield Grid(
        ("The release", "Given to", "What it is in law", "Purpose of processing", "The label"),
        [_row(one, given) for one, given in found],
        "To whom each release is given, as the policy declares it; nobody has checked it",
    )
    declared = {given.key: given for _, given in found if given is not None and given.declared}
    for given in declared.values():
        yield from about(given)
    yield from _statements(evidences)
    untold = [one.name for one, given in found if given is None or not given.declared]
    if untold:
        yield Fill(f"Who receives these releases, under which contract, and until when: {', '.join(untold)}")


def _row(one: Evidence, given: Given | None) -> tuple[str, ...]:
    name = NOT_SAID if given is None else Verbatim(given.name)
    role = NOT_SAID if given is None else RECIPIENT_ROLES.get(given.role, NOT_SAID)
    return Verbatim(one.name), name, role, Verbatim(one.label.get("purpose", "")), LABELS[one.label["label"]]


def about(given: Given) -> Iterator[Block]:
    """What is declared of a recipient."""
    told = given.declared
    yield Facts(
        (
            ("The recipient", Verbatim(given.name)),
            ("What it is in law", RECIPIENT_ROLES.get(given.role, NOT_SAID)),
            ("Contract or agreement", said_or_not(told.get("contract"))),
            ("It may be given something from", said_or_not(told.get("from"))),
            ("It may be given something until", said_or_not(told.get("until"))),
            ("Fields that it may be given", _fields(told)),
            ("Whether it may pass the work on to others", sub_processing(told)),
            *_events(told),
        )
    )


def _fields(told: Mapping[str, Any]) -> str:
    fields = told.get("fields")
    return "all fields of its releases" if fields is None else Verbatim(", ".join(fields))


def sub_processing(told: Mapping[str, Any]) -> str:
    """Whether a recipient may pass on what it does to others."""
    allowed = told.get("sub_processing")
    if allowed is None:
        return NOT_SAID
    return "it may, as declared" if allowed else "it may not, as declared"


def _events(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in told.get("inspections", ()):
        yield "It was inspected", Verbatim(f"{one['at']}, {one['shown_by']}")
    for name, words in (("returned", "It gave back what it had"), ("deleted", "It deleted what it had")):
        if name in told:
            yield words, Verbatim(f"{told[name]['at']}, {told[name]['shown_by']}")


def _statements(evidences: Sequence[Evidence]) -> Iterator[Block]:
    stated = [(one.name, one.label["for_recipient"]) for one in evidences if "for_recipient" in one.label]
    if not stated:
        return
    yield Grid(
        ("The release", "For the recipient", "What that rests on"),
        [(Verbatim(name), STATEMENTS[one["statement"]], one["rests_on"]) for name, one in stated],
        "What each release is for its recipient; the label does not change by it",
    )
    yield Paragraph(stated[0][1]["duties"])
