"""What a release is for its recipient: a statement beside the label, which it never changes. It names nobody."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Bullets, Facts, Paragraph, Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.wording import NOT_SAID, RECIPIENT_ROLES, STATEMENTS


def section(evidence: Evidence) -> Section | None:
    """The statement of a label on its recipient; None where it makes none."""
    stated = evidence.label.get("for_recipient")
    if stated is None:
        return None
    return Section("for_recipient", "What it is for its recipient", list(statement(stated)))


def statement(stated: Mapping[str, Any]) -> Iterator[Block]:
    """What a label states of its recipient."""
    yield Paragraph(
        "Beside the label stands what the release is for whoever receives it, who may have fewer keys than whoever made it. The "
        "label does not change by it."
    )
    yield Facts(
        (
            ("What the recipient is in law", RECIPIENT_ROLES.get(stated["role"] or "", NOT_SAID)),
            ("For the recipient", STATEMENTS[stated["statement"]]),
            ("What that rests on", stated["rests_on"]),
        )
    )
    if stated["unknown"]:
        yield Paragraph("Nothing can be stated as long as this is not known:")
        yield Bullets(tuple(stated["unknown"]))
    if stated["failing"]:
        yield Paragraph(f"Tests that do not hold for the recipient: {', '.join(stated['failing'])}")
    yield Paragraph(stated["duties"])
