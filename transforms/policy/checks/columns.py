"""Columns of the input that a policy names: found, put together, filled, passed over, or allowed to lack."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.nearest import bare, shown
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


def input_problems(draft: Draft) -> Iterator[Problem]:
    """Columns of the input that are no fields where they must be, or are fields where they cannot be."""
    yield from _made(draft)
    yield from _filled(draft)
    yield from _ignored(draft)
    yield from _optional(draft)


def _section(draft: Draft, name: str) -> Any:
    given = draft.raw.get("input")
    return given.get(name) if isinstance(given, dict) else None


def _mapping(draft: Draft, name: str) -> dict[str, Any]:
    found = _section(draft, name)
    return found if isinstance(found, dict) else {}


def _made(draft: Draft) -> Iterator[Problem]:
    """Columns that are put together from, or found as, fields that do not exist."""
    for section in ("fields", "combine"):
        for name, parts in _mapping(draft, section).items():
            path: Path = ("input", section, name)
            if name not in draft.fields:
                yield Problem(path, draft.no_field(name))
            for number, part in enumerate(parts if isinstance(parts, list) else []):
                if isinstance(part, str) and part not in draft.fields:
                    yield Problem((*path, number), draft.no_field(part))


def _filled(draft: Draft) -> Iterator[Problem]:
    """Columns that are filled down, or say which rows go together, and are no columns of a file with a role."""
    filled = _mapping(draft, "fill_down")
    listed = filled.get("fields")
    places: list[tuple[Path, Any]] = [(("input", "fill_down", "by"), filled.get("by"))]
    places += [
        (("input", "fill_down", "fields", number), name)
        for number, name in enumerate(listed if isinstance(listed, list) else ())
    ]
    combined = _mapping(draft, "combine")
    for path, name in places:
        if not isinstance(name, str):
            continue
        if name not in draft.fields:
            yield Problem(path, draft.no_field(name))
        elif name in combined:
            yield Problem(path, f"{bare(name)} is put together by input.combine; name the columns that it is made of")


def _ignored(draft: Draft) -> Iterator[Problem]:
    """Patterns that would pass over a field."""
    patterns = _section(draft, "ignore")
    for number, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str):
            continue
        hidden = next((name for name in draft.fields if name in Ignored([pattern])), None)
        if hidden is not None:
            what = f"{shown(pattern)} is a pattern of the field {shown(hidden)}, which would not be read"
            yield Problem(("input", "ignore", number), f"{what}; remove the field, or make the pattern narrower")


def _optional(draft: Draft) -> Iterator[Problem]:
    """Fields by which persons and records are told apart, and that may lack."""
    for word in ("subject", "record"):
        name = draft.raw.get(word)
        spec = draft.fields.get(name) if isinstance(name, str) else None
        if spec is not None and spec.optional:
            what = "the subject, without which nobody is counted" if word == "subject" else "what records are told by"
            yield Problem(
                ("fields", str(name), "optional"),
                f"{shown(name)} is {what}, so that no file may lack it; leave this out",
            )
