"""Whom sets of columns single out."""

from collections.abc import Iterator, Mapping
from itertools import groupby, islice
from typing import Any

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.blocks import Block, Figure, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.attribute_sets import AttributeSet, AttributeSetsChart
from beam_deid.pipelines.report.evidence import Evidence

_SHOWN = 3
"""Of each number of columns so many sets are shown, those that single out most: larger sets always single out more."""
_WHAT = (
    "A set of columns singles a person out where no other person of the release has the same values in all of them. "
    "Whoever knows these values finds the person's record for certain."
)
_SENSITIVE = (
    "Sensitive columns are treated apart: it is taken that nobody knows them of a person beforehand. The tests of line 3 ask for "
    "k persons by all columns that anyone may know; in public sharing, where anything may be known, also with the sensitive "
    "columns; else with all but one of them."
)
_ALL = ("source", "source+sensitive")
"""The attacks whose sets are all columns, without and with the sensitive ones."""


def section(evidence: Evidence) -> Section | None:
    """Sets of columns with the share of persons whom each singles out; None where nobody was counted."""
    sets = _sets(evidence)
    if not sets:
        return None
    worst = max(sets, key=lambda one: one.persons)
    names = " + ".join(worst.fields)
    caption = "Share of the persons whom sets of columns single out: of each number of columns the worst sets."
    told = f"The worst set, {names}, singles out {worst.persons:,} persons, {share(worst.share)} of all."
    drawn = list(_shown(sets))
    blocks: list[Block] = [
        Paragraph(_WHAT),
        Figure(AttributeSetsChart(drawn), caption, told),
        _grid(drawn, len(sets)),
        *_with_sensitive(evidence.label),
    ]
    shares = evidence.label.get("contributions") or {}
    if shares:
        ordered = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
        rows = [(Verbatim(name), share(part)) for name, part in ordered]
        caption = "What each column adds to singling persons out, as a share of what all columns add"
        blocks.append(Grid(("Column", "Share"), rows, caption, numbers=(1,)))
    if not evidence.label.get("combinations"):
        blocks.append(
            Paragraph(
                "Smaller sets of columns were not searched, or single nobody out; the policy asks with combinations."
            )
        )
    return Section("attribute_sets", "Whom sets of columns single out", blocks)


def _with_sensitive(label: Mapping[str, Any]) -> Iterator[Paragraph]:
    """Why sensitive columns are treated apart, and what whoever knows them too can do."""
    known = knowing_all(label)
    if known is not None:
        yield Paragraph(_SENSITIVE)
        yield Paragraph(known)


def knowing_all(label: Mapping[str, Any]) -> str | None:
    """What whoever knows the sensitive columns as well can do; None where that was not tried, or singles nobody out."""
    found = [one for one in label.get("attacks") or () if one["name"] == _ALL[1] and one["linked"]]
    if not found:
        return None
    one = found[0]
    columns = ", ".join(one["on"])
    persons = f"{one['linked']:,}"
    return (
        f"Whoever knows the sensitive columns of a person as well can single out {persons} persons ({share(one['share'])} of "
        f"all), by: {columns}."
    )


def _sets(evidence: Evidence) -> list[AttributeSet]:
    """The sets: smaller ones first, of equal ones those that single out most."""
    found = {tuple(one.fields): one for one in (*_searched(evidence), *_whole(evidence))}
    return sorted(found.values(), key=lambda one: (len(one.fields), -one.persons, one.fields))


def _shown(sets: list[AttributeSet]) -> Iterator[AttributeSet]:
    for _, those in groupby(sets, key=lambda one: len(one.fields)):
        yield from islice(those, _SHOWN)


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
    rows = [(Verbatim(" + ".join(one.fields)), Verbatim(f"{one.persons:,}"), share(one.share)) for one in sets]
    caption = (
        "All sets that were looked at" if len(sets) == many else f"{len(sets)} of the {many:,} sets that were looked at"
    )
    return Grid(("Columns", "Persons singled out", "Share"), rows, caption, numbers=(1, 2))
