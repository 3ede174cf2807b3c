"""A policy as far as it can be understood: what is wrong is left out, so that the rest is still checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from beam_deid.transforms.actions.action import Action, Target
from beam_deid.transforms.policy.field_spec import FieldSpec, kind_of
from beam_deid.transforms.policy.nearest import advice, shown
from beam_deid.transforms.policy.purposes import Purpose
from beam_deid.transforms.policy.recipients import Recipient
from beam_deid.transforms.policy.written import read_action
from beam_deid.transforms.policy.yaml_nodes import Path
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability

_Part = TypeVar("_Part")
_Model = TypeVar("_Model", bound=BaseModel)


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
    """A policy: its fields, purposes and recipients, None where one is wrong, its releases, and all as it was written.

    Purposes and recipients are None where none are declared.
    """

    raw: dict[str, Any]
    fields: dict[str, FieldSpec | None]
    releases: dict[str, DraftRelease]
    purposes: dict[str, Purpose | None] | None = None
    recipients: dict[str, Recipient | None] | None = None

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

    def all_actions(self) -> Iterator[tuple[Path, Action]]:
        """Every readable action with its place in the policy."""
        for name, release in self.releases.items():
            for field, action in release.actions.items():
                if action is not None:
                    yield ("releases", name, "fields", field), action

    def how(self, release: DraftRelease, field: str) -> Recoverability | None:
        """How a release gives a field out; None where that cannot be told."""
        action = release.actions.get(field)
        target = self.target(release.name, field)
        if field not in release.actions:
            return Recoverability.REMOVED if field in self.fields else None
        return None if action is None or target is None else action.recoverability(target)

    def kinds_at_odds(self, field: str) -> list[tuple[str, Kind, str, Kind]]:
        """Releases that read a field of no declared kind otherwise than the first: (it, its kind, first, its kind)."""
        spec = self.fields[field]
        if spec is None or spec.kind is not None:
            return []
        wanted = [(name, action.wants) for name, action in self.actions_on(field) if action.wants is not None]
        return [(name, kind, *wanted[0]) for name, kind in wanted if kind is not wanted[0][1]]

    def no_field(self, name: Any) -> str:
        """What to say of a name that is no field's."""
        hint = advice(name, self.fields)
        return f"no field is called {shown(name)}; {hint or 'add it under fields, or name one that is there'}"


def draft_of(raw: dict[str, Any]) -> Draft:
    """Read what can be read of a raw policy; never raises."""
    fields = {name: _read(FieldSpec.model_validate, spec) for name, spec in _mapping(raw.get("fields")).items()}
    releases = {}
    for name, release in _mapping(raw.get("releases")).items():
        named = _mapping(_mapping(release).get("fields"))
        actions = {field: _read(read_action, action) for field, action in named.items()}
        releases[name] = DraftRelease(name, actions, _mapping(release))
    return Draft(raw, fields, releases, _declared(raw, "purposes", Purpose), _declared(raw, "recipients", Recipient))


def _declared(raw: dict[str, Any], section: str, kind: type[_Model]) -> dict[str, _Model | None] | None:
    """What a section declares by name; None where the policy has no such section."""
    if raw.get(section) is None:
        return None
    return {name: _read(kind.model_validate, spec) for name, spec in _mapping(raw[section]).items()}


def _read(reader: Callable[[Any], _Part], value: Any) -> _Part | None:
    try:
        return reader(value)
    except (ValidationError, PydanticCustomError):
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
