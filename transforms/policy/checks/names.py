"""Names of fields and releases, and what a policy says of its dataset as a whole."""

import re
from collections.abc import Iterator

from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.nearest import bare, shown
from beam_deid.transforms.policy.yaml_nodes import Path, Problem

RELEASE_NAME = "[A-Za-z0-9_][A-Za-z0-9_-]{0,99}"
"""A pattern: a release names a folder, on any system and in any object store."""


def dataset_problems(draft: Draft) -> Iterator[Problem]:
    """Names of fields and releases that cannot be used, and a subject that is no field."""
    yield from _names(draft)
    yield from _subject(draft)


def _names(draft: Draft) -> Iterator[Problem]:
    for field in draft.fields:
        if not field.strip():
            yield Problem(("fields", field), "a field must have a name")
    seen: dict[str, str] = {}
    for name in draft.releases:
        path: Path = ("releases", name)
        if not re.fullmatch(RELEASE_NAME, name):
            yield Problem(path, "a release names a folder: letters A-Z a-z, digits, _ and -, not - first, 100 at most")
        elif name.lower() in seen:
            other = shown(seen[name.lower()])
            yield Problem(
                path,
                f"differs from {other} only in case, and some systems take both for one folder; rename it",
            )
        seen.setdefault(name.lower(), name)


def _subject(draft: Draft) -> Iterator[Problem]:
    subject = draft.raw.get("subject")
    if subject == EACH_RECORD:
        if EACH_RECORD in draft.fields:
            yield Problem(
                ("subject",), f"a field is called {EACH_RECORD}, and so is the word for no subject; rename the field"
            )
    elif isinstance(subject, str) and subject not in draft.fields:
        yield Problem(("subject",), f"{draft.no_field(subject)}; or {EACH_RECORD}, if every record is one person")


def kind_problems(draft: Draft) -> Iterator[Problem]:
    """Fields of no declared kind that two releases read differently."""
    for field in draft.fields:
        for release, wanted, other, first in draft.kinds_at_odds(field):
            what = f"this reads the field as {wanted}, and release {bare(other)} as {first}"
            yield Problem(("releases", release, "fields", field), f"{what}; declare its kind under fields")
