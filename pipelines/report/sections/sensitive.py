"""How sensitive values spread over persons and groups."""

from collections.abc import Iterator
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Figure, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.charts.sensitive import SensitiveChart, Spread
from beam_deid.pipelines.report.charts.shares import percent
from beam_deid.pipelines.report.evidence import Evidence

_WHAT = (
    "Sensitive values are told by the lists that they are on, and by their columns; no value stands here. What most persons "
    "have is no secret, so each share is to be read beside the greatest share in one group: where everybody of a group has a "
    "value, whoever finds the group knows it of each person."
)


def section(evidence: Evidence) -> Section | None:
    """Lists and columns with the shares of persons; None where the release holds nothing sensitive that was counted."""
    listed = evidence.label.get("sensitive_values") or []
    spreads = [*_lists(listed), *_columns(evidence)]
    if not spreads and not listed:
        return None
    blocks: list[Block] = [Paragraph(_WHAT)]
    if spreads:
        caption = "Share of the persons with sensitive values. The mark is the greatest share in one group."
        blocks.append(Figure(SensitiveChart(spreads), caption, _told(spreads)))
    if listed:
        blocks.append(_grid(listed))
    return Section("sensitive", "How sensitive values are spread", blocks)


def _lists(listed: list[dict[str, Any]]) -> Iterator[Spread]:
    for one in listed:
        spread = one.get("spread")
        if spread is not None:
            yield Spread(f"On the list {one['list']}", spread["share"], spread["largest"])


def _columns(evidence: Evidence) -> Iterator[Spread]:
    """Each sensitive column with the share of persons who have its commonest value."""
    for name, share in (evidence.label.get("base_rates") or {}).items():
        yield Spread(f"The commonest value of {name}", share)


def _told(spreads: list[Spread]) -> str:
    in_groups = [one.largest for one in spreads if one.largest is not None]
    most = max(one.share for one in spreads)
    if not in_groups:
        return f"At most {percent(most)} of all persons have one value."
    return f"At most {percent(most)} of all persons have values of one sort, and at most {percent(max(in_groups))} of one group."


def _grid(listed: list[dict[str, Any]]) -> Grid:
    rows = []
    for one in listed:
        spread = one.get("spread") or {}
        persons = f"{spread['persons']:,}" if spread else "not counted"
        fields = ", ".join(one["fields"])
        rows.append((Verbatim(one["list"]), one["article"], Verbatim(fields), Verbatim(persons) if spread else persons))
    return Grid(
        ("List", "Sensitive by", "Columns", "Persons"), rows, "Released values on lists of sensitive ones", (3,)
    )
