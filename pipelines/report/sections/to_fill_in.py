"""What only a person can say of a release before it is used."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Fill, Paragraph, Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.terms import LabelName, Sharing


def section(evidence: Evidence) -> Section | None:
    """What a person must still decide of a release."""
    return Section("to_fill_in", "What a person must still decide", list(_blocks(evidence.label)))


def _blocks(label: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(
        "This page tells what was measured. It does not say that a law is met; these answers are a person's."
    )
    yield Fill("Whether the roles of the fields are right: who can know what of a person, and from where")
    if label["label"] == LabelName.ANONYMIZED:
        yield Fill(
            "Whether anything outside this data could still lead back to a person: other tables, later releases, the press"
        )
    else:
        yield Fill(
            "On which legal basis the release is used and given out (PIPL Art. 13, 23), and what persons were told of it"
        )
        yield Fill("Whether an impact assessment is due before it is used (PIPL Art. 55), and where that is kept")
    if label["sharing"] != Sharing.PUBLIC:
        yield Fill("Whether the recipient works in the environment that was stated, and what shows it")
    if label.get("sensitive"):
        yield Fill(
            "Whether the sensitive information in it is needed for the purpose, and how it is protected strictly (PIPL Art. 28)"
        )
    yield Fill("Who answers for the release, and approves it")
