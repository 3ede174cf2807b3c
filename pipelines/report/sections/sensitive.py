"""How sensitive values spread over persons and groups."""

from collections.abc import Iterator

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.blocks import Figure, Paragraph, Section
from beam_deid.pipelines.report.charts.sensitive import SensitiveChart, Spread
from beam_deid.pipelines.report.evidence import Evidence

_WHAT = "Sensitive values are told by the lists that they are on, and by their columns; no value stands here."
_IN_GROUPS = (
    "What most persons have is no secret, so a share with a mark is to be read beside the greatest share in one group, which the "
    "mark shows: where everybody of a group has a value, whoever finds the group knows it of each person."
)


def section(evidence: Evidence) -> Section | None:
    """Lists and columns with the shares of persons; None where the release holds nothing sensitive that was counted."""
    spreads = [*_lists(evidence), *_columns(evidence)]
    if not spreads:
        return None
    in_groups = [Paragraph(_IN_GROUPS)] if any(one.largest is not None for one in spreads) else []
    caption = "Each bar is the share of all released persons who have a value of the list, or the commonest value of the column."
    figure = Figure(SensitiveChart(spreads), caption, _told(spreads))
    return Section("sensitive", "How sensitive values are spread", [Paragraph(_WHAT), *in_groups, figure])


def _lists(evidence: Evidence) -> Iterator[Spread]:
    for one in evidence.label.get("sensitive_values") or ():
        spread = one.get("spread")
        if spread is not None:
            yield Spread(f"On the list {one['list']}", spread["share"], spread["largest"])


def _columns(evidence: Evidence) -> Iterator[Spread]:
    """Each sensitive column with the share of persons who have its commonest value."""
    for name, rate in (evidence.label.get("base_rates") or {}).items():
        yield Spread(f"The commonest value of {name}", rate)


def _told(spreads: list[Spread]) -> str:
    in_groups = [one.largest for one in spreads if one.largest is not None]
    most = max(one.share for one in spreads)
    if not in_groups:
        return f"At most {share(most)} of all persons have one value."
    return f"At most {share(most)} of all persons have values of one sort, and at most {share(max(in_groups))} of one group."
