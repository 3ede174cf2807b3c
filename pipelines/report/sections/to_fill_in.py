"""What only a person can say of a release before it is used."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Fill, Paragraph, Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.terms import LabelName, Sharing

_OF_ANONYMIZED = (
    "Whether anything outside this data could still lead back to a person: other tables, later releases, the press",
    "On which legal basis the release was made: making it handles personal information, sensitive one as well (PIPL Art. 13, 29)",
)
_OF_PERSONAL = (
    "On which legal basis each handling of the release rests (PIPL Art. 13), and what persons were told of it",
    "Whether separate consent is needed and given: for giving it to another processor (PIPL Art. 23), for sensitive information "
    "(PIPL Art. 29)",
    "Whether a recipient is entrusted, and what the agreement with it says (PIPL Art. 21)",
    "Whether it leaves the mainland of China, and on which of the ways of the law (PIPL Art. 38 to 40)",
    "Whether persons under 14 are among them, which the source may not tell (PIPL Art. 28, 31)",
    "Whether an impact assessment is due before it is used (PIPL Art. 55), and where that is kept",
)


def section(evidence: Evidence) -> Section | None:
    """What a person must still decide of a release."""
    return Section("to_fill_in", "What a person must still decide", list(_blocks(evidence.label)))


def _blocks(label: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(
        "This page tells what was measured. It does not say that a law is met; these answers are a person's."
    )
    yield Fill("Whether the roles of the fields are right: who can know what of a person, and from where")
    if label["label"] == LabelName.ANONYMIZED:
        yield from map(Fill, _OF_ANONYMIZED)
    else:
        yield from map(Fill, _OF_PERSONAL)
    if label.get("sharing") not in (None, Sharing.PUBLIC):
        yield Fill("Whether the recipient works in the environment that was stated, and what shows it")
        yield Fill("Whether the contract forbids the recipient to identify persons again, and to pass the release on")
    if label.get("sensitive"):
        yield Fill(
            "Whether the sensitive information in it is needed for the purpose, and how it is protected strictly (PIPL Art. 28)"
        )
    yield Fill("Who answers for the release, and approves it")
