"""What attackers of a release know."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.policy.checks.distances import distance_problem
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.terms import Recoverability

_CLOSED = (Recoverability.REMOVED, Recoverability.KEYED)
_TOKENS = (Recoverability.KEYED, Recoverability.KEY_DESTROYED)


def attacker_problems(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    """Background knowledge that says nothing of the release, or nothing that can be compared."""
    yield from _history(draft, release)
    for name, attacker in release.named("attackers").items():
        path: Path = ("releases", release.name, "attackers", name)
        if not name.strip():
            yield Problem(path, "an attacker must have a name")
        yield from _attacker(draft, release, path, attacker if isinstance(attacker, dict) else {})
    yield from _frequencies(draft, release)


def _history(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    fields = release.raw.get("history")
    for number, field in enumerate(fields if isinstance(fields, list) else []):
        path: Path = ("releases", release.name, "history", number)
        if field not in draft.fields:
            yield Problem(path, draft.no_field(field))
        elif draft.how(release, field) in _CLOSED:
            yield Problem(path, f"this release does not give {bare(str(field))} out, or only under a key; leave it out")


def _attacker(draft: Draft, release: DraftRelease, path: Path, attacker: dict[str, Any]) -> Iterator[Problem]:
    knows = attacker.get("knows")
    named = knows if isinstance(knows, list) else []
    fields = [field for field in named if isinstance(field, str)]
    if fields:
        yield from _known(draft, (*path, "knows"), named, fields)
    within = attacker.get("within")
    for field, distance in (within if isinstance(within, dict) else {}).items():
        what = "the attacker does not know this field; name it in knows"
        if field in fields:
            what = distance_problem(draft, field, distance) or ""
        if what:
            yield Problem((*path, "within", field), what)
    if fields and all(draft.how(release, field) in _CLOSED for field in fields):
        what = "nothing to join on: this release gives none of these fields out, or only under a key"
        yield Problem((*path, "knows"), f"{what}; name a field that it gives out")


def _known(draft: Draft, path: Path, named: list[Any], fields: list[str]) -> Iterator[Problem]:
    for number, field in enumerate(named):
        if isinstance(field, str) and field not in draft.fields:
            yield Problem((*path, number), draft.no_field(field))
        elif field in fields[:number]:
            yield Problem((*path, number), f"{bare(str(field))} is named twice; leave one")


def _frequencies(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field in release.named("frequencies"):
        path: Path = ("releases", release.name, "frequencies", field)
        how = draft.how(release, field)
        action = release.actions.get(field)
        if field not in draft.fields:
            yield Problem(path, draft.no_field(field))
        elif how is not None and how not in _TOKENS:
            yield Problem(path, f"this release gives no tokens of {bare(field)} out; leave this out")
        elif action is not None and action.beside is not None:
            yield Problem(
                path,
                f"equal values of {bare(field)} have different tokens, so frequencies tell nothing; leave this out",
            )
