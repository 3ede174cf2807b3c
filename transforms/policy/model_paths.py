"""Where things stand in a policy, by its models: the keys that a mapping may have, and the place that an error names."""

from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.yaml_nodes import Path


class Placed(NamedTuple):
    """Where an error is.

    Attributes:
        path: Its place in the policy.
        of_union: Whether the value may have one of several types, and this is the error of one of them.
    """

    path: Path
    of_union: bool


def is_secret(path: Path) -> bool:
    """Whether a value at this place might be a key, pasted where its place belongs."""
    by_section = path[:1] in (("keys",), ("sign",), ("register",)) or "key" in path[2:3] or "key" in path[4:]
    return by_section or (path[:1] == ("recipients",) and path[2:3] == ("has_keys",))


def valid_names(path: Path) -> list[str]:
    """The keys that the mapping at ``path`` may have; empty where any name will do."""
    types: list[Any] = [Policy]
    for part in path:
        types = _below(types, part)
    models = [model for one in types for model in _branches(one) if _is_model(model)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def placed(raw: Any, loc: tuple[int | str, ...], *, missing: bool) -> Placed:
    """The place of an error in the policy.

    pydantic's own places have the name of a type in them wherever a value may have one of several; which these are follows from
    the models, so that no name is mistaken for a key. They have parts that nobody wrote, too, where a short form stands for a
    long one, as ``role: sensitive`` for ``role: [sensitive]``.

    Args:
        raw: The policy as it was written.
        loc: The place as pydantic gives it.
        missing: Whether the last part is missing.
    """
    types: list[Any] = [Policy]
    path: Path = ()
    of_union = False
    here = raw
    for number, part in enumerate(loc):
        if any(_is_union(one) for one in types):
            types = [branch for one in types for branch in _branches(one)]
            of_union = True
        else:
            types = _below(types, part)
            written = _has(here, part)
            here = here[part] if written else None
            path = (*path, part) if written or (missing and number == len(loc) - 1) else path
    return Placed(path, of_union)


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _below(types: list[Any], part: str | int) -> list[Any]:
    """The types of what stands under ``part`` of a value that has one of these types."""
    return [inner for one in types for branch in _branches(one) for inner in _step(branch, part)]


def _step(place: Any, part: str | int) -> list[Any]:
    """The type of what stands under ``part`` of a model, a mapping, a list or an action; none where there is no such part."""
    inner = get_args(place)
    if get_origin(place) is dict:
        return [inner[1]]
    if inner:
        return [inner[0]] if isinstance(part, int) else []
    if place is Action:
        return [action for action in ACTIONS if action.name == part]
    fields = place.model_fields if _is_model(place) else {}
    return [field.annotation for name, field in fields.items() if part == (field.alias or name)]


def _branches(place: Any) -> list[Any]:
    """The types that a value may have, apart from none at all."""
    if get_origin(place) is Annotated:
        return _branches(get_args(place)[0])
    if get_origin(place) in (Union, UnionType):
        return [found for branch in get_args(place) for found in _branches(branch) if found is not NoneType]
    return [place]


def _is_union(place: Any) -> bool:
    return len(_branches(place)) > 1


def _is_model(place: Any) -> bool:
    return isinstance(place, type) and issubclass(place, BaseModel)
