"""The fields of a release with their actions."""

from collections.abc import Iterator

import pyarrow as pa

from beam_deid.transforms.actions.action import Action, Beside, Target
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


def released_problems(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    """Fields that do not exist, a release of nothing, and options that do not fit their field."""
    yield from _released(draft, release)
    yield from _options(draft, release)


def _released(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    path: Path = ("releases", release.name, "fields")
    for field in release.actions:
        if field not in draft.fields:
            yield Problem((*path, field), draft.no_field(field))
    known = list(release.actions.values())
    if known and all(action is not None and action.output_type(pa.string()) is None for action in known):
        yield Problem(path, "this release gives nothing out; name a field that it keeps or changes")


def _options(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field, action in release.actions.items():
        target = draft.target(release.name, field)
        if action is None or target is None:
            continue
        path: Path = ("releases", release.name, "fields", field)
        what = None if draft.kinds_at_odds(field) else _checked(action, target)
        if what:
            yield Problem((*path, action.name), what)
        if action.beside in (Beside.SUBJECT, Beside.PERSON) and draft.raw.get("subject") in (None, EACH_RECORD):
            yield Problem(path, f"{action.name} {action.subject_use}; add subject: FIELD to the policy")


def _checked(action: Action, target: Target) -> str | None:
    try:
        return action.check(target)
    except DeidError as error:
        return error.message
