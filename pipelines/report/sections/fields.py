"""What happens to each field, and how it looks then."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.examples import Example, examples_of, left_out
from beam_deid.transforms.terms import Recoverability, Role, Told

_MADE_UP = (
    "The values below are made up: orders that never were, under a key that was made for this example alone. They were treated "
    "by the policy's own actions, at the levels that the release has."
)


def section(evidence: Evidence) -> Section | None:
    """Each field with its role, what is done, whether it can be turned back, and an example; None without fields."""
    fields = evidence.label.get("fields") or {}
    if not fields:
        return None
    blocks: list[Block] = [_table(evidence, fields), *_notes(fields)]
    without = len(left_out(evidence))  # their names are the source's own, and this page goes with the data
    if without:
        blocks.append(Paragraph(f"Columns of the source that are not in this release: {without}."))
    examples = examples_of(evidence)
    if examples:
        blocks += [Paragraph(_MADE_UP), _examples(examples)]
    return Section("fields", "What happens to each field", blocks)


def _table(evidence: Evidence, fields: Mapping[str, Mapping[str, Any]]) -> Grid:
    levels = (evidence.label.get("search") or {}).get("levels") or {}
    rows = [
        (
            Verbatim(name),
            _role(facts),
            facts.get("sentence") or facts.get("action") or "",
            Verbatim(levels[name]) if name in levels else "",
            _meaning(Recoverability, facts.get("recoverability", "")),
        )
        for name, facts in fields.items()
    ]
    headings = ("Field", "What it says of a person", "What is done", "Chosen level", "Can it be turned back?")
    return Grid(headings, rows, "What the release does with each field")


def _role(facts: Mapping[str, Any]) -> str:
    """What the roles mean."""
    return ". ".join(_meaning(Role, role) for role in facts["role"])


def _meaning(words: type[Told], word: str) -> str:
    """What a word of a label means, as `beam-deid explain` says it; the word itself where this version does not know it."""
    return words(word).meaning if word in set(words) else word


def _notes(fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Paragraph]:
    """What whoever gets the release should know of a field beside."""
    for name, facts in fields.items():
        for note in facts.get("notes") or ():
            yield Paragraph(f"{name}: {note}")


def _examples(examples: Mapping[str, tuple[Example, ...]]) -> Grid:
    rows = [
        (Verbatim(name if not place else ""), Verbatim(one.before), Verbatim(one.after))
        for name, found in examples.items()
        for place, one in enumerate(found)
    ]
    return Grid(("Field", "Before", "After"), rows, "Made-up values, before and after")
