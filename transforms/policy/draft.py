"""A policy as far as it can be understood: what is wrong is left out, so that the rest is still checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from beam_deid.transforms.actions.action import Action, Target
from beam_deid.transforms.policy.model import FieldSpec, kind_of
from beam_deid.transforms.policy.written import read_action

_Part = TypeVar("_Part")


@dataclass(frozen=True)
class DraftRelease:
    """A release: its actions by field, None where the action is wrong, and all else as it was written."""

    name: str
    actions: dict[str, Action | None]
    raw: dict[str, Any]

    def named(self, *path: str) -> dict[str, Any]:
        """The mapping at ``path`` as it was written; empty if there is none."""
        here: Any = self.raw
        for part in path:
            here = here.get(part) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else {}


@dataclass(frozen=True)
class Draft:
    """A policy: its fields, None where one is wrong, its releases, and all as it was written."""

    raw: dict[str, Any]
    fields: dict[str, FieldSpec | None]
    releases: dict[str, DraftRelease]

    def actions_on(self, field: str) -> list[tuple[str, Action]]:
        """The readable actions on a field, each with its release's name."""
        pairs = ((name, release.actions.get(field)) for name, release in self.releases.items())
        return [(name, action) for name, action in pairs if action is not None]

    def target(self, release: str, field: str) -> Target | None:
        """The field as an action sees it; None where the field is unknown or wrong."""
        spec = self.fields.get(field)
        if spec is None:
            return None
        key = self.releases[release].raw.get("key")
        kind = kind_of(spec, (action for _, action in self.actions_on(field)))
        return Target(release, field, kind, key if isinstance(key, str) else None)


def draft_of(raw: dict[str, Any]) -> Draft:
    """Read what can be read of a raw policy; never raises."""
    fields = {name: _read(FieldSpec.model_validate, spec) for name, spec in _mapping(raw.get("fields")).items()}
    releases = {}
    for name, release in _mapping(raw.get("releases")).items():
        named = _mapping(_mapping(release).get("fields"))
        actions = {field: _read(read_action, action) for field, action in named.items()}
        releases[name] = DraftRelease(name, actions, _mapping(release))
    return Draft(raw, fields, releases)


def _read(reader: Callable[[Any], _Part], value: Any) -> _Part | None:
    try:
        return reader(value)
    except (ValidationError, PydanticCustomError):
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
