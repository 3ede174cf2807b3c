"""What became of the records that were read."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Figure, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.flow import FlowChart, Step
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.terms import Withheld

_EVERY = "Every record that was read is in exactly one of these counts; none is lost, and none is counted twice."
_REJECTED = "Rejected: a value could not be read or treated"
_SUPPRESSED = "Suppressed: with them a group would break a line of the rule"


def section(evidence: Evidence) -> Section | None:
    """From records read to records released; None where nothing says what became of them."""
    records = evidence.label.get("records")
    if not records or "read" not in records:
        return None
    steps = list(_steps(records))
    released = records["released"]
    told = f"Of {records['read']:,} records read, {released:,} are released."
    chart = FlowChart(records["read"], steps, released)
    counts = [("Read", records["read"]), *((step.words, step.records) for step in steps), ("Released", released)]
    grid = Grid(
        ("What became of the records", "Records"),
        [(words, Verbatim(f"{count:,}")) for words, count in counts],
        "Records read are those released, suppressed, withheld and rejected, together.",
        (1,),
    )
    figure = Figure(chart, "The records' way, from what was read to what was released.", told)
    return Section("flow", "What became of the records", [Paragraph(_EVERY), figure, grid])


def _steps(records: Mapping[str, Any]) -> Iterator[Step]:
    yield Step(_REJECTED, records["rejected"])
    by = records.get("withheld_by") or {}
    for code, count in by.items():
        yield Step(f"Withheld: {_meaning(code)}", count)
    left = records["withheld"] - sum(by.values())
    if left or not by:
        yield Step("Withheld: the release is not about them", left)
    yield Step(_SUPPRESSED, records["suppressed"])


def _meaning(code: str) -> str:
    """Why records are withheld, within a sentence."""
    try:
        meaning = Withheld(code).meaning
    except ValueError:
        return code
    return meaning[0].lower() + meaning[1:]
