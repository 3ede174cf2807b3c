"""What the release lost so that persons are not found in it."""

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.blocks import Block, Facts, Figure, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.loss import LossChart
from beam_deid.pipelines.report.evidence import Evidence

_LOSS = "loss"
"""The objective whose figure is the mean of what the fields lose."""


def section(evidence: Evidence) -> Section | None:
    """The chosen levels, and what they lose; None where the policy left no level open."""
    search = evidence.label.get("search") or {}
    losses = search.get("losses") or {}
    if not losses:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Coarser values protect persons and lose information. Of all levels that meet what is required, those were chosen "
            "that lose least."
        )
    ]
    together = search.get("loss") if search.get("objective") == _LOSS else None
    chart = LossChart(losses, search.get("levels") or {}, together)
    worst = max(losses, key=lambda name: losses[name])
    told = f"{worst} loses most, {share(losses[worst])} of its information."
    blocks.append(Figure(chart, "Share of each field's information that is lost at the chosen levels.", told))
    blocks.append(Facts(_point(evidence)))
    blocks.append(Paragraph("What more protection would cost is shown by: beam-deid search --plot."))
    return Section("loss", "What was lost", blocks)


def _point(evidence: Evidence) -> list[tuple[str, str]]:
    """Where the release stands between loss and k."""
    search = evidence.label["search"]
    facts: list[tuple[str, str]] = []
    k = (evidence.label.get("risk") or {}).get("k")
    if k is not None:
        facts.append(("Persons in the smallest group", Verbatim(f"{k:,}")))
    if search.get("loss") is not None:
        objective = search["objective"]
        facts.append(("Information lost", f"{search['loss']:.4g} by the measure {objective}"))
    records = evidence.label.get("records") or {}
    suppressed = search.get("suppressed")
    if suppressed is not None and records.get("read"):
        facts.append(("Records suppressed", f"{suppressed:,} of {records['read']:,} records"))
    proved = "yes, no levels lose less" if search.get("proved") else "no, others may lose less"
    facts.append(("Proved to be the best", proved))
    return facts
