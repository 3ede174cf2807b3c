"""Every figure of a release: its value, what it means in plain words, and how it is worked out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Grid, Paragraph, Part, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.figures_at import Found, found_at
from beam_deid.transforms.label.explaining import explanation_of, figure_meanings
from beam_deid.transforms.label.explanation import Explanation, What

_MOST = 6
"""Values of one figure that are shown each; of more, which there are between what."""

_NAMED = "Each is called as label.json and beam-deid explain call it."
_OTHERS: tuple[str, ...] = ()
_PARTS: Mapping[str, tuple[str, ...]] = {
    "Records, persons and groups": (
        *(
            f"risk.{name}"
            for name in ("records", "subjects", "classes", "unique_subjects", "k", "k_composite", "group_sizes")
        ),
        *("identities", "files", "register", "ground"),
    ),
    "The risk that persons are found": (
        *(
            f"risk.{name}"
            for name in ("max_risk", "avg_risk", "prosecutor", "journalist", "marketer", "sharing", "population")
        ),
        "environment",
    ),
    "What can be inferred": (
        *(f"risk.{name}" for name in ("l_distinct", "l_entropy", "l_recursive", "t", "alpha_k")),
        *(f"risk.{name}" for name in ("beta_basic", "beta_enhanced", "delta_disclosure")),
        *("base_rates", "sensitive_values"),
    ),
    "What attackers find": ("attacks", "recoveries", "scan", "history", "combinations", "contributions"),
    "How levels were chosen": ("search", "changes"),
    "Other figures": _OTHERS,
}
"""What figures are about, and where such figures stand in a label."""

Row = tuple[str, str, str]


def section(evidence: Evidence) -> Section | None:
    """All figures that the label holds; None where it holds none."""
    told = map(explanation_of, figure_meanings())
    shown = [one for one in told if one is not None and found_at(evidence.label, one.place)]
    if not shown:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Persons, not records, are counted wherever the source says whom a record is about. A group is all released records "
            "that look alike: equal in every released column but those that are sensitive alone."
        ),
        *_parts(evidence.label, shown),
        Part("How the figures are worked out", _worked_out(shown), folded=True),
    ]
    return Section("figures", "All figures", blocks)


def _parts(label: Mapping[str, Any], shown: Sequence[Explanation]) -> Iterator[Part]:
    """The figures by what they are about."""
    for title, places in _PARTS.items():
        rows = [row for one in shown if _part_of(one) == places for row in _rows(label, one)]
        if rows:
            yield Part(title, [Grid(("figure", "value", "what it means"), rows, _NAMED)], folded=True)


def _part_of(one: Explanation) -> tuple[str, ...]:
    """The places of the part that a figure stands in: the last one has all that stand in no other."""
    found = [places for places in _PARTS.values() if f"{one.place}.".startswith(tuple(f"{place}." for place in places))]
    return found[0] if found else _OTHERS


def _rows(label: Mapping[str, Any], one: Explanation) -> Iterator[Row]:
    """A row for a figure, or for one that has parts, and then for each of these."""
    whole = [] if one.parts else found_at(label, one.place)
    yield Verbatim(one.code), _value(whole), one.words
    for part, meaning in one.parts.items():
        found = found_at(label, f"{one.place}.{part}")
        if found:
            yield Verbatim(f"{one.code}.{part}"), _value(found), meaning


def _value(found: Sequence[Found]) -> str:
    if len(found) > _MOST and all(isinstance(one.value, int | float) for one in found):
        values = [one.value for one in found]
        return f"{len(found):,} values, from {_told(min(values))} to {_told(max(values))}"
    return Verbatim("; ".join(_named(one) for one in found[:_MOST]) + ("; …" if len(found) > _MOST else ""))


def _named(one: Found) -> str:
    return f"{one.name}: {_told(one.value)}" if one.name else _told(one.value)


def _told(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return " – ".join(map(_told, value))
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}"
    return f"{int(value):,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _worked_out(shown: Sequence[Explanation]) -> list[Block]:
    told = [one for one in shown if one.formula or one.source]
    rows = [(Verbatim(one.code), Verbatim(one.formula), one.source, Verbatim(_test_of(one))) for one in told]
    signs = Paragraph(
        "In formulas f_j is the number of persons in group j, J the number of groups, and k the limit of line 3. Of a "
        "sensitive value, q is the share in a group, and p the share in the whole release. In E, T1 is the risk by an insider, "
        "T3 that by a breach, and 1 − (1 − p)^m that by m acquaintances, where p is the share of the population in such data."
    )
    headings = ("figure", "formula", "source", "test")
    return [Grid(headings, rows, "How figures are worked out, and which test goes by each."), signs]


def _test_of(one: Explanation) -> str:
    """The test that goes by a figure, which may be called as the figure is; empty where none does."""
    return one.code if one.what is What.TEST else one.test
