"""Whom sets of columns single out."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Facts, Figure, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.attribute_sets import AttributeSet, AttributeSetsChart
from beam_deid.pipelines.report.evidence import Evidence

_SHOWN = 12
"""So many sets are drawn, those that single out most."""
_WHAT = (
    "A set of columns singles a person out where no other person of the release has the same values in all of them. "
    "Whoever knows these values finds the person's record for certain."
)
_ALL = ("source", "source+sensitive")
"""The attacks whose sets are all columns, without and with the sensitive ones."""


def section(evidence: Evidence) -> Section | None:
    """Sets of columns with the share of persons whom each singles out; None where nobody was counted."""
    sets = _sets(evidence)
    blocks: list[Block] = [Paragraph(_WHAT)]
    if sets:
        worst = sets[0]
        names = " + ".join(worst.fields)
        caption = "Share of the persons whom sets of columns single out, the worst first."
        told = f"The worst set, {names}, singles out {worst.persons:,} persons, {worst.share:.1%} of all."
        drawn = sets[:_SHOWN]
        blocks.append(Figure(AttributeSetsChart(drawn), caption, told))
        blocks.append(_grid(drawn, len(sets)))
    shares = evidence.label.get("contributions") or {}
    if shares:
        ordered = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
        blocks.append(Paragraph("What each column adds to singling persons out, as a share of all that it takes:"))
        blocks.append(Facts([(Verbatim(name), Verbatim(f"{share:.1%}")) for name, share in ordered]))
    if not evidence.label.get("combinations"):
        blocks.append(
            Paragraph("Smaller sets of columns were not searched, or single nobody out; the policy asks with combinations.")
        )
    return Section("attribute_sets", "Whom sets of columns single out", blocks) if sets else None


def _sets(evidence: Evidence) -> list[AttributeSet]:
    """The sets, those that single out most first."""
    found = {tuple(one.fields): one for one in (*_searched(evidence), *_whole(evidence))}
    return sorted(found.values(), key=lambda one: (-one.persons, len(one.fields), one.fields))


def _searched(evidence: Evidence) -> Iterator[AttributeSet]:
    for one in evidence.label.get("combinations") or ():
        yield AttributeSet(tuple(one["fields"]), one["unique_subjects"], one["share"])


def _whole(evidence: Evidence) -> Iterator[AttributeSet]:
    """All columns that somebody may know, and all that are released."""
    attacks: list[Mapping[str, Any]] = evidence.label.get("attacks") or []
    for one in attacks:
        if one["name"] in _ALL:
            yield AttributeSet(tuple(one["on"]), one["linked"], one["share"])


def _grid(sets: list[AttributeSet], many: int) -> Grid:
    rows = [
        (Verbatim(" + ".join(one.fields)), Verbatim(f"{one.persons:,}"), Verbatim(f"{one.share:.1%}")) for one in sets
    ]
    caption = "All sets that were looked at" if len(sets) == many else f"The {len(sets)} worst of {many:,} sets"
    return Grid(("Columns", "Persons singled out", "Share"), rows, caption, numbers=(1, 2))
