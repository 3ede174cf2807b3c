"""The report as pages: one of each release, and an index of all."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from beam_deid.pipelines.language.chosen import PAGE_LANGUAGES
from beam_deid.pipelines.report.amounts import count
from beam_deid.pipelines.report.blocks import Document, Facts, Grid, Link, Mark, Paragraph, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.html.rendering import rendered
from beam_deid.pipelines.report.sections import OF_RUN, SECTIONS
from beam_deid.pipelines.report.sections.verdict import is_anonymized
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.storage.paths import REPORT

_OF_RUN = (
    ("run", "Run"),
    ("dataset", "Dataset"),
    ("engine", "Engine"),
)
"""What a run says of itself, and what that is called."""


def release_page(evidence: Evidence, languages: Sequence[str] = PAGE_LANGUAGES) -> bytes:
    """The page of a release, made from its evidence alone: the same bytes whenever it is made.

    Args:
        evidence: What is known of the release.
        languages: The languages that stand in it; the first is shown first.
    """
    sections = [one for one in (make(evidence) for make in SECTIONS) if one is not None]
    document = Document(f"The release {evidence.name}", sections)
    return rendered(document, languages, evidence.names)


def index_page(evidences: Sequence[Evidence], languages: Sequence[str] = PAGE_LANGUAGES) -> bytes:
    """The page of a run, which leads to those of its releases.

    Args:
        evidences: What is known of each release.
        languages: The languages that stand in it; the first is shown first.
    """
    run = (evidences[0].run if evidences else None) or {}
    dataset = run.get("dataset", "")
    of_run = [one for one in (make(evidences) for make in OF_RUN) if one is not None]
    document = Document(f"The run over {dataset}", [_releases(evidences), _records(evidences), *of_run, _run(run)])
    names = {name for one in evidences for name in one.names}
    return rendered(document, languages, names)


def verdict_of(evidence: Evidence) -> Mark:
    """A release's label, as a word that stands out."""
    return Mark(evidence.label["label"], Tone.GOOD if is_anonymized(evidence.label) else Tone.BAD)


def _releases(evidences: Sequence[Evidence]) -> Section:
    rows = [
        (
            Link(one.name, f"{quote(one.name)}/{REPORT}"),
            verdict_of(one),
            count(sum(not test["passed"] for test in one.label["tests"])),
            Verbatim(one.label["purpose"]),
            Verbatim(one.label.get("review_by") or "–"),
        )
        for one in evidences
    ]
    headings = (
        "Release",
        "Label, within the tests of its report",
        "Tests that do not hold",
        "Purpose",
        "To be reviewed by",
    )
    told = (
        "Each release with its label; its name leads to its report. A release that was not published is not among them."
    )
    return Section("releases", "Releases", [Grid(headings, rows, told, numbers=(2,))])


def _records(evidences: Sequence[Evidence]) -> Section:
    told = Paragraph(
        "No record is lost in silence: the records read are those released, suppressed, withheld and rejected, release by release."
    )
    rows = [(Verbatim(one.name), *(count(one.label["records"][what]) for what in RECORD_COUNTS)) for one in evidences]
    headings = ("Release", "Read", "Released", "Suppressed", "Withheld", "Rejected")
    return Section("records", "Records", [told, Grid(headings, rows, numbers=(1, 2, 3, 4, 5))])


def _run(run: Mapping[str, Any]) -> Section:
    known = ((meaning, run.get(name)) for name, meaning in _OF_RUN)
    facts = [(meaning, Verbatim(value)) for meaning, value in known if value is not None]
    return Section("run", "The run", [Facts(facts)])
