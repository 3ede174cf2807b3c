"""The data: fields, categories, quantities, sources, and the records' way."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Callout, Facts, Grid, Paragraph, Tone, Verbatim
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.sections.accountability import inputs
from beam_deid.pipelines.report.sections.categories import sensitive_values as listed
from beam_deid.pipelines.report.sections.persons import section as persons_section
from beam_deid.pipelines.report.wording import (
    RECOVERABILITIES,
    category_words,
    moment,
    number,
    role_words,
    said_or_not,
    sensitive_by,
)


def mapping(whole: WholeRun) -> Iterator[Block]:
    """Every released field with its category and its role, and the releases that have it."""
    found: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for evidence in whole.evidences:
        for name, facts in evidence.label["fields"].items():
            found.setdefault(name, (facts, []))[1].append(evidence.name)
    yield Grid(
        ("The field", "Its category", "Sensitive by", "Its role", "Released in"),
        [
            (
                Verbatim(name),
                category_words(facts.get("category")),
                sensitive_by(facts),
                role_words(facts["role"]),
                Verbatim(", ".join(releases)),
            )
            for name, (facts, releases) in found.items()
        ],
        "The released fields, by categories of GB/T 35273-2020, Annex A, and PIPL Art. 28",
    )


def sensitive_values(whole: WholeRun) -> Iterator[Block]:
    """Released values that are on lists of sensitive ones, of each release that has some."""
    for evidence in whole.evidences:
        blocks = list(listed(evidence.label))
        if blocks:
            yield Paragraph(f"Release {evidence.name}:")
            yield from blocks[1:]


def sources(whole: WholeRun) -> Iterator[Block]:
    """The files that were read."""
    if whole.run:
        yield inputs(whole.run)


def quantities(whole: WholeRun) -> Iterator[Block]:
    """Records and persons of each release."""
    yield Grid(
        ("The release", "Records read", "Records released", "Persons in it"),
        [
            (
                Verbatim(one.name),
                number(one.label["records"]["read"]),
                number(one.label["records"]["released"]),
                number(one.label["risk"].get("subjects")),
            )
            for one in whole.evidences
        ],
        "How much each release holds; persons are counted, not rows",
        numbers=(1, 2, 3),
    )


def scale(whole: WholeRun) -> Iterator[Block]:
    """The persons of the run, beside the thresholds of the law."""
    section = persons_section(whole.evidences)
    yield from section.blocks if section is not None else ()


def measures(whole: WholeRun) -> Iterator[Block]:
    """What happens to each field, release by release."""
    for evidence in whole.evidences:
        yield Grid(
            ("The field", "What is done with it", "Can it be turned back?"),
            [
                (Verbatim(name), facts["sentence"], RECOVERABILITIES[facts["recoverability"]])
                for name, facts in evidence.label["fields"].items()
            ],
            f"Measures for the fields of release {evidence.name}",
        )


def keys(whole: WholeRun) -> Iterator[Block]:
    """Which fields keys stand behind; never a key."""
    rows = [
        (
            Verbatim(evidence.name),
            Verbatim(name),
            Verbatim(f"{facts['key']['id']}"),
            said_or_not(facts["key"].get("keyring")),
        )
        for evidence in whole.evidences
        for name, facts in evidence.label["fields"].items()
        if facts.get("key")
    ]
    if not rows:
        yield Paragraph("No released field was made with a key.")
        return
    yield Paragraph(
        "Whoever has these keys can turn the fields back or make the same values again: they are additional information in the "
        "sense of PIPL Art. 73(3), to be kept apart from the releases. A key's number tells nothing of the key."
    )
    yield Grid(
        ("The release", "The field", "Number of the key", "Keyring that holds it"),
        rows,
        "Fields that were made with keys",
    )


def records(whole: WholeRun) -> Iterator[Block]:
    """What became of the records."""
    names = ("read", "released", "suppressed", "withheld", "rejected")
    yield Paragraph(
        "Every record that was read is released, suppressed so that nobody is singled out, withheld since the release is not about "
        "it or may not hold it, or rejected since a value could not be treated. Nothing else becomes of it."
    )
    yield Grid(
        (
            "The release",
            "Records read",
            "Records released",
            "Records suppressed",
            "Records withheld",
            "Records rejected",
        ),
        [(Verbatim(one.name), *(number(one.label["records"][name]) for name in names)) for one in whole.evidences],
        "What became of the records",
        numbers=(1, 2, 3, 4, 5),
    )


def consent(whole: WholeRun) -> Iterator[Block]:
    """The consent that releases rest on."""
    for evidence in whole.evidences:
        found = evidence.declared.get("consent")
        if found is None:
            continue
        persons = found["persons"]
        yield Facts(
            (
                ("The release", Verbatim(evidence.name)),
                ("Purpose that was agreed to", Verbatim(found["purpose"])),
                ("Consent had to be valid at", moment(found["as_of"])),
                ("Persons of the source whom the ledger knows", number(persons.get("known"))),
                ("Their own consent is valid", number(persons.get("own"))),
                ("A guardian's consent is valid", number(persons.get("guardian"))),
                ("Consent was withdrawn", number(persons.get("withdrawn"))),
                ("Files of the ledger", Verbatim(", ".join(one["name"] for one in found.get("files", ())))),
            )
        )
    yield Callout(
        Tone.NOTE,
        "Who withdraws consent",
        "Persons who withdraw it later are taken out of the releases, and out of later runs, by: beam-deid erase",
    )
