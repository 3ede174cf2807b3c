"""The grade that stands beside the label, and what it does not mean."""

from beam_deid.pipelines.report.blocks import Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.label.grades import ADVICE, GRADES, REFERENCE


def section(evidence: Evidence) -> Section | None:
    """The grade of a release among the four that there are; None where the label tells none."""
    grade = evidence.label.get("grade")
    if grade not in GRADES:
        return None
    rows = [(Verbatim(number), _mark(number == grade), meaning) for number, meaning in GRADES.items()]
    return Section(
        "grade",
        "The grade",
        [
            Paragraph(REFERENCE),
            Paragraph(ADVICE),
            Grid(("grade", "this release", "what it means"), rows, "A higher grade identifies less."),
        ],
    )


def _mark(here: bool) -> str:
    return Verbatim("●") if here else Verbatim("")
