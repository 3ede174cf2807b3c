"""What became of the records that were read."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Figure, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.flow import FlowChart, Step
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.terms import Reason, Withheld

_EVERY = "Every record that was read is in exactly one of these counts; none is lost, and none is counted twice."
_REJECTED = "Rejected: a value could not be read or treated"
_WITHHELD = "Withheld: the release is not about them"
_SUPPRESSED = "Suppressed: with them a group would break a line of the rule"


def section(evidence: Evidence) -> Section | None:
    """From records read to records released; None where nothing says what became of them."""
    records = evidence.label.get("records")
    if not records or "read" not in records:
        return None
    steps = list(_steps(records, evidence.declared.get("rejected_by") or {}))
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


def _steps(records: Mapping[str, Any], rejected_by: Mapping[str, int]) -> Iterator[Step]:
    for code, count in rejected_by.items():
        yield Step(f"Rejected: {_meaning(Reason, code)}", count)
    if not rejected_by:  # none was, or a run of an earlier version did not tell why
        yield Step(_REJECTED, records["rejected"])
    withheld_by = records.get("withheld_by") or {}
    for code, count in withheld_by.items():
        yield Step(f"Withheld: {_meaning(Withheld, code)}", count)
    if not withheld_by:
        yield Step(_WITHHELD, records["withheld"])
    yield Step(_SUPPRESSED, records["suppressed"])


def _meaning(words: type[Reason] | type[Withheld], code: str) -> str:
    """What a reason means, in a sentence without a full stop; of one that this version does not know its code."""
    known = {str(one): one.meaning for one in words}
    return known.get(code, code)
