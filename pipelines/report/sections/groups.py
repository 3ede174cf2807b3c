"""How large the groups are that a person hides in."""

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.blocks import Block, Facts, Figure, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.groups import GroupsChart, Sizes
from beam_deid.pipelines.report.evidence import Evidence

_GROUP = (
    "A group is all released records that are alike in every released column that is not sensitive alone. "
    "Whoever knows these values of a person finds the group."
)
_HIDDEN = "In each group there are at least two persons: by these values alone it cannot be told which of them it is."
_ALONE = "Who is alone in a group is found by these values."


def section(evidence: Evidence) -> Section | None:
    """Group sizes against the limit; None where no record was released."""
    risk = evidence.label.get("risk") or {}
    if "k" not in risk:
        return None
    blocks: list[Block] = [
        Paragraph(_GROUP),
        Paragraph(_HIDDEN if risk["k"] >= 2 else _ALONE),
        Facts(_facts(evidence)),
    ]
    figure = _figure(evidence)
    if figure is not None:
        blocks.append(figure)
    return Section("groups", "How many persons are in a group", blocks)


def _facts(evidence: Evidence) -> list[tuple[str, str]]:
    risk = evidence.label["risk"]
    facts: list[tuple[str, str]] = [
        ("Persons in the smallest group", Verbatim(f"{risk['k']:,}")),
        ("Groups", Verbatim(f"{risk['classes']:,}")),
        ("Persons", Verbatim(f"{risk['subjects']:,}")),
        ("Persons who are alone in a group", Verbatim(f"{risk['unique_subjects']:,}")),
    ]
    k = _limit(evidence)
    if k is not None:
        facts.insert(1, ("The limit: at least", Verbatim(f"{k:,}")))
    return facts


def _limit(evidence: Evidence) -> int | None:
    """The fewest persons that a group must have; None where nobody says so."""
    limits = evidence.label.get("limits") or {}
    k = limits.get("k")
    return None if k is None else int(k)


def _figure(evidence: Evidence) -> Figure | None:
    """The chart; None where the label is of a version that did not tell group sizes."""
    told = evidence.label["risk"].get("group_sizes")
    if not told:
        return None
    sizes = [Sizes.from_document(one) for one in told]
    k = _limit(evidence)
    if any(one.records is None for one in sizes):
        caption = "Share of the groups that have each size. The mark on a bar is the share up to that size."
    else:
        caption = "Share of the records in groups of each size. The mark on a bar is the share up to that size."
    return Figure(GroupsChart(sizes, k), caption, _told(sizes, k))


def _told(sizes: list[Sizes], k: int | None) -> str:
    records = sum(one.records or 0 for one in sizes)
    groups = sum(one.groups for one in sizes)
    if k is None:
        return f"{records:,} records are in {groups:,} groups." if records else f"There are {groups:,} groups."
    small = [one for one in sizes if one.least < k]
    few = sum(one.groups for one in small)
    if not few:
        return f"All {groups:,} groups have at least {k:,} persons, the limit."
    if not records:
        return f"{few:,} of {groups:,} groups have fewer persons than the limit of {k:,}."
    part = sum(one.records or 0 for one in small) / records
    return f"{few:,} of {groups:,} groups have fewer persons than the limit of {k:,}; {share(part)} of the records are in them."
