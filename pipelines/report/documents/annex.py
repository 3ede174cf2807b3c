"""The annex on entrusted processing (委托处理附件) to a contract with a recipient: what PIPL Art. 21 asks it to say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.pipelines.report.blocks import (
    Block,
    Callout,
    Document,
    Facts,
    Fill,
    Grid,
    Paragraph,
    Section,
    Tone,
    Verbatim,
)
from beam_deid.pipelines.report.documents.headings import headings
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import Given, given_to
from beam_deid.pipelines.report.sections.recipients import sub_processing
from beam_deid.pipelines.report.wording import (
    NOT_SAID,
    RECIPIENT_ROLES,
    RECOVERABILITIES,
    SHARINGS,
    category_words,
    number,
    said_or_not,
    sensitive_by,
)
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.recipients import folded
from beam_deid.transforms.terms import LabelName, RecipientRole

_WITHOUT = (RecipientRole.INTERNAL, RecipientRole.OTHER)
"""Roles of recipients whom nothing is entrusted to."""

_TITLES = {
    RecipientRole.ABROAD: "Draft: annex to a contract with a recipient abroad",
    "": "Draft: annex to a contract with a recipient of whom nobody says what it is in law",
}
"""What an annex is called where nothing is declared to be entrusted."""


@dataclass(frozen=True)
class Annex:
    """The annex of one recipient.

    Attributes:
        given: The recipient.
        releases: What it is given.
    """

    given: Given
    releases: Sequence[Evidence]


def annexes(evidences: Sequence[Evidence], named: str | None = None) -> list[Annex]:
    """The annexes of a run, one for each recipient that something may be entrusted to.

    Args:
        evidences: What is known of each release.
        named: The recipient that is asked for, abroad or of no role as well; all entrusted processors if not given.

    Raises:
        UsageError: There is no recipient that something is entrusted to, or none of that name.
    """
    found: dict[tuple[str, str, str], Annex] = {}
    for one in evidences:
        given = given_to(one)
        if given is not None:
            before = found.get(given.key, Annex(given, ()))
            found[given.key] = Annex(before.given, (*before.releases, one))
    if named is not None:
        return [_named(list(found.values()), named)]
    entrusted = [one for one in found.values() if one.given.role == RecipientRole.ENTRUSTED and _personal(one)]
    if not entrusted:
        raise UsageError(
            "nobody is declared whom the run's releases are entrusted to",
            "annex",
            "Declare recipients in the policy with role: entrusted_processor, and run again; or name another one by --recipient",
        )
    return entrusted


def _named(found: Sequence[Annex], named: str) -> Annex:
    """The annex of the recipient of a name."""
    one = next((one for one in found if folded(one.given.name) == folded(named)), None)
    if one is None:
        known = ", ".join(dict.fromkeys(one.given.name for one in found)) or "none"
        raise UsageError(f"no release is given to {named}", "--recipient", f"Recipients of this run: {known}")
    if one.given.role in _WITHOUT:
        raise UsageError(
            f"nothing is entrusted to {one.given.name}, which is declared as {one.given.role}",
            "--recipient",
            "An annex after PIPL Art. 21 is for an entrusted_processor; giving to another processor rests on Art. 23",
        )
    if not _personal(one):
        raise UsageError(
            f"everything that {one.given.name} is given is labelled anonymized",
            "--recipient",
            "An annex is for personal information",
        )
    return one


def annex_document(annex: Annex) -> Document:
    """Draft the annex of a recipient."""
    whole = WholeRun(annex.releases)
    found = headings("art21")
    parts = [
        Section(
            f"art21-{number}",
            part.heading,
            [*_filled(part.contents, annex, whole), *(Fill(one.said) for one in part.asks)],
        )
        for number, part in enumerate(found.parts)
    ]
    return Document(_TITLES.get(annex.given.role, found.title.said), parts)


def _filled(names: Sequence[str], annex: Annex, whole: WholeRun) -> Iterator[Block]:
    for name in names:
        yield from _CONTENTS[name](annex, whole)


def _personal(annex: Annex) -> list[Evidence]:
    return [one for one in annex.releases if one.label["label"] != LabelName.ANONYMIZED]


def _parties(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    told = annex.given.declared
    yield Callout(
        Tone.NOTE,
        "This is a draft",
        "It holds what the policy declares and the run measured. It becomes an annex once both sides have completed and signed it.",
    )
    yield Facts(
        (
            ("The recipient", Verbatim(annex.given.name)),
            ("What it is in law", RECIPIENT_ROLES.get(annex.given.role, NOT_SAID)),
            ("Contract or agreement", said_or_not(told.get("contract"))),
            ("Name of the dataset", said_or_not(whole.dataset)),
            ("Number of the run", said_or_not(whole.id)),
        )
    )
    if annex.given.role == RecipientRole.ABROAD:
        yield Paragraph("The recipient is abroad: PIPL Art. 38 to 40 apply beside what stands here.")
    anonymized = [one.name for one in annex.releases if one.label["label"] == LabelName.ANONYMIZED]
    if anonymized:
        yield Paragraph(
            "These releases to it are labelled anonymized within the tests that were made, and are not listed below: "
            f"{', '.join(anonymized)}"
        )


def _purpose(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    yield Grid(
        ("The release", "Purpose of processing"),
        [(Verbatim(one.name), Verbatim(one.label.get("purpose", ""))) for one in _personal(annex)],
        "Purposes for which it may be processed, and for no other",
    )


def _period(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    told = annex.given.declared
    yield Facts(
        (
            ("It may be given something from", said_or_not(told.get("from"))),
            ("It may be given something until", said_or_not(told.get("until"))),
        )
    )
    yield Grid(
        ("The release", "May be kept until"),
        [(Verbatim(one.name), said_or_not(one.label.get("retain_until"))) for one in _personal(annex)],
        "Until when each release may be kept",
    )


def _method(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    yield Grid(
        ("The release", "How it is shared", "Records released", "Persons in it"),
        [
            (
                Verbatim(one.name),
                SHARINGS.get(one.label["sharing"], NOT_SAID),
                number(one.label["records"]["released"]),
                number(one.label["risk"].get("subjects")),
            )
            for one in _personal(annex)
        ],
        "How and how much it is given",
        numbers=(2, 3),
    )


def _kinds(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    for one in _personal(annex):
        yield Grid(
            ("The field", "Its category", "Sensitive by"),
            [
                (Verbatim(name), category_words(facts.get("category")), sensitive_by(facts))
                for name, facts in one.label["fields"].items()
            ],
            f"Kinds of personal information in release {one.name}",
        )


def _measures(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    for one in _personal(annex):
        yield Grid(
            ("The field", "What is done with it", "Can it be turned back?"),
            [
                (Verbatim(name), facts["sentence"], RECOVERABILITIES[facts["recoverability"]])
                for name, facts in one.label["fields"].items()
            ],
            f"Measures for the fields of release {one.name}",
        )
    yield Paragraph(
        "The recipient is not to join the releases with other information in order to find a person in them."
    )


def _passing_on(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    yield Facts((("Whether it may pass the work on to others", sub_processing(annex.given.declared)),))
    yield Paragraph("Without the consent of whoever entrusts it, it passes nothing on (PIPL Art. 21).")


def _end(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    yield Paragraph(
        "Where the contract does not take effect, is void, revoked or ended, it returns the personal information or deletes it, "
        "and keeps none (PIPL Art. 21)."
    )
    yield Facts(
        tuple(
            _shown(annex.given.declared, {"returned": "It gave back what it had", "deleted": "It deleted what it had"})
        )
    )


def _supervision(annex: Annex, whole: WholeRun) -> Iterator[Block]:
    inspections = annex.given.declared.get("inspections", ())
    if not inspections:
        yield Paragraph("The policy knows of no inspection so far.")
        return
    yield Grid(
        ("It was inspected on", "What shows it"),
        [(Verbatim(one["at"]), Verbatim(one["shown_by"])) for one in inspections],
        "Inspections so far",
    )


def _shown(told: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, word in words.items():
        found = told.get(name)
        yield word, "not yet" if found is None else Verbatim(f"{found['at']}, {found['shown_by']}")


_CONTENTS = {
    "parties": _parties,
    "purpose": _purpose,
    "period": _period,
    "method": _method,
    "kinds": _kinds,
    "measures": _measures,
    "passing_on": _passing_on,
    "end": _end,
    "supervision": _supervision,
}
