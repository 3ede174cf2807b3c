"""Categories of personal information: what each field is in law, and what is sensitive by Art. 28."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.blocks import Block, Callout, Fill, Grid, Paragraph, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sources import source
from beam_deid.pipelines.report.wording import category_words, number, role_words, sensitive_by
from beam_deid.transforms.recognisers.categories.category import article, categories


def section(evidence: Evidence) -> Section | None:
    """The categories of a release's fields; None where it has none."""
    fields = evidence.label.get("fields", {})
    if not fields:
        return None
    return Section("categories", "What kinds of personal information it comes from", list(_blocks(evidence.label)))


def _blocks(label: Mapping[str, Any]) -> Iterator[Block]:
    fields = label["fields"]
    yield Paragraph(
        "Each released field belongs to a category of personal information, as the policy, the platform or the kind of the field "
        "says. The categories are our own grouping after GB/T 35273-2020, Annex A, and not always under its headings. Some are "
        "sensitive by PIPL Art. 28."
    )
    yield Grid(
        ("The field", "Its category", "Its role", "Sensitive by"),
        [_row(name, facts, _lists(label, name)) for name, facts in fields.items()],
        "The released fields by their categories",
    )
    yield from sensitive_values(label)
    untold = [name for name, facts in fields.items() if facts.get("category") is None]
    if untold:
        yield Fill(f"Which category these fields belong to, and whether it is sensitive: {', '.join(untold)}")


def _lists(label: Mapping[str, Any], field: str) -> str:
    """The lists of sensitive values that a field has values of, by their names."""
    return ", ".join(one["list"] for one in label.get("sensitive_values") or () if field in one["fields"])


def _row(name: str, facts: Mapping[str, Any], lists: str) -> tuple[str, ...]:
    category = facts.get("category")
    words = f"no category is known; some values are on these lists: {lists}" if category is None and lists else ""
    return Verbatim(name), words or category_words(category), role_words(facts["role"]), sensitive_by(facts)


def sensitive_values(label: Mapping[str, Any]) -> Iterator[Block]:
    """Which released values are on lists of sensitive ones; nothing where none is."""
    found = label.get("sensitive_values") or []
    if not found:
        return
    yield Callout(
        Tone.NOTE,
        "Some released values are sensitive by what they say",
        "They are on lists of sensitive values. The share is that of the persons who have one.",
    )
    yield Grid(
        ("The list", "What it tells of", "Sensitive by", "Released values", "Persons who have one", "Share of persons"),
        [_listed(one) for one in found],
        "Released values that are on a list of sensitive ones",
        numbers=(3, 4, 5),
    )


def _listed(one: Mapping[str, Any]) -> tuple[str, ...]:
    spread = one.get("spread") or {}
    part = spread.get("share")
    told = article(one["category"]) if one["category"] in categories() else one.get("article", "")
    return (
        Verbatim(one["list"]),
        category_words(one["category"]),
        source(told),
        number(sum(one["fields"].values())),
        number(spread.get("persons")),
        Verbatim("–" if part is None else share(part)),
    )
