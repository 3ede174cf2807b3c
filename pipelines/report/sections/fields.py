"""What happens to each field, and how it looks then."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.blocks import Block, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.examples import Example, examples_of, left_out
from beam_deid.transforms.terms import Recoverability, Role

_ROLES = {
    Role.DIRECT: "names a person",
    Role.QUASI: "may lead to a person together with others",
    Role.SENSITIVE: "what a person may not want known",
    Role.INSENSITIVE: "leads to nobody",
}
_BOTH = {
    Role.DIRECT: "names a person, and is what a person may not want known",
    Role.QUASI: "may lead to a person together with others, and is what a person may not want known",
}
"""What a field says that is sensitive as well."""
_BACK = {
    Recoverability.REMOVED: "It is not in the release",
    Recoverability.IRREVERSIBLE: "Cannot be turned back",
    Recoverability.GENERALIZED: "Only coarser values are left, which many share",
    Recoverability.PARTIAL: "A part of the value is still to be read",
    Recoverability.KEYED: "Whoever has the key turns it back, or makes it again",
    Recoverability.KEY_DESTROYED: "The key was destroyed; equal values are still to be seen as equal",
    Recoverability.CLEAR: "It stands there as it was",
}
"""Whether a value can be had again, in words that need no other."""
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
            _back(facts.get("recoverability", "")),
        )
        for name, facts in fields.items()
    ]
    headings = ("Field", "What it says of a person", "What is done", "Chosen level", "Can it be turned back?")
    return Grid(headings, rows, "What the release does with each field")


def _role(facts: Mapping[str, Any]) -> str:
    """The roles in words."""
    roles = facts["role"]
    if len(roles) > 1:
        return _BOTH[Role.DIRECT if Role.DIRECT in roles else Role.QUASI]
    return _ROLES.get(roles[0], str(roles[0])) if roles else ""


def _back(recoverability: str) -> str:
    return _BACK.get(recoverability, recoverability)  # type: ignore[call-overload, no-any-return]


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
