"""What pydantic finds wrong with a policy's shape, in plain words and at the exact key."""

import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import advice, shown
from beam_deid.transforms.policy.retired import RETIRED
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


class _Found(NamedTuple):
    path: Path
    what: str
    of_union: bool


def shape_problems(raw: dict[str, Any]) -> list[Problem]:
    """Every key of a raw policy that is missing, unknown, or has a value of the wrong type or size."""
    try:
        Policy.model_validate(raw)
    except ValidationError as error:
        found = [_found(raw, one) for one in error.errors(include_url=False) if not _idle(one)]
        return [Problem(path, what) for path, what in _merged(found)]
    return []


def is_secret(path: Path) -> bool:
    """Whether a value at this place might be a key, pasted where its place belongs."""
    return path[:1] in (("keys",), ("sign",), ("register",)) or "key" in path[2:3] or "key" in path[4:]


def valid_names(path: Path) -> list[str]:
    """The keys that the mapping at ``path`` may have; empty where any name will do."""
    places: list[Any] = [Policy]
    for part in path:
        places = [inner for place in places for inner in _step(place, part)]
    models = [model for place in places for model in _branches(place) if _is_model(model)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def action_above(raw: Any, path: Path) -> str | None:
    """The name of the action that is written at ``path``, or None if ``path`` is no such place."""
    if len(path) != 4 or path[0] != "releases" or path[2] != "fields":
        return None
    if isinstance(raw, str):
        return raw
    return next(iter(raw)) if isinstance(raw, dict) and len(raw) == 1 else None


def _found(raw: dict[str, Any], error: Any) -> _Found:
    path, of_union = _place(raw, error["loc"], error["type"])
    return _Found(path, _words(error, path), of_union)


def _idle(error: Any) -> bool:
    """Whether another error says it better: a list whose items are wrong."""
    return error["type"] == "too_short" and len(error["input"]) >= int(error["ctx"]["min_length"])


def _place(raw: Any, loc: tuple[int | str, ...], kind: str) -> tuple[Path, bool]:
    # pydantic's places hold the names of a union's branches, and leave out the action's own name.
    path: Path = ()
    here = raw
    skipped = False
    for number, part in enumerate(loc):
        action = action_above(here, path)
        if action is not None:
            path = (*path, action)
            here = here.get(action) if isinstance(here, dict) else None
        if isinstance(here, dict) and part in here:
            path = (*path, part)
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            path = (*path, part)
            here = here[part]
        elif kind == "missing" and number == len(loc) - 1:
            path = (*path, part)
        else:
            skipped = True
    action = action_above(here, path) if kind == "value_error" else None  # the action's options as a whole
    return (path if action is None else (*path, action)), skipped


def _merged(found: list[_Found]) -> Iterator[tuple[Path, str]]:
    # Of a union's branches only those that fit the value best are told, as alternatives.
    by_path: dict[Path, list[str]] = {}
    for one in found:
        deeper = (other.path for other in found if other.of_union and other.path != one.path)
        if not (one.of_union and any(path[: len(one.path)] == one.path for path in deeper)):
            by_path.setdefault(one.path, []).append(one.what)
    for path, words in by_path.items():
        yield path, ", or ".join(dict.fromkeys(words))


def _step(place: Any, part: str | int) -> list[Any]:
    """What stands under ``part`` of a model, a mapping, a list, or any branch of a union."""
    origin = get_origin(place)
    inner = get_args(place)
    if origin is Annotated:
        return _step(inner[0], part)
    if origin in (Union, UnionType):
        return [found for branch in inner for found in _step(branch, part)]
    if origin is not None:
        return [inner[-1] if origin is dict else inner[0]] if inner else []
    if place is Action:
        return [action for action in ACTIONS if action.name == part]
    if _is_model(place) and part in place.model_fields:
        return _branches(place.model_fields[part].annotation)
    return []


def _branches(place: Any) -> list[Any]:
    if get_origin(place) is Annotated:
        return _branches(get_args(place)[0])
    if get_origin(place) in (Union, UnionType):
        return [found for branch in get_args(place) for found in _branches(branch)]
    return [place]


def _is_model(place: Any) -> bool:
    return isinstance(place, type) and issubclass(place, BaseModel)


def _words(error: Any, path: Path) -> str:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind in _SAID:
        return _SAID[kind]
    if kind in _SAID_WITH:
        return _SAID_WITH[kind](context)
    if kind == "extra_forbidden" and path[2:3] == ("require",) and len(path) == 4 and path[3] in RETIRED:
        return RETIRED[path[3]](error["input"])
    if kind == "extra_forbidden":
        return f"unknown key; {_where_it_fits(path) or advice(path[-1], valid_names(path[:-1]))}".removesuffix("; ")
    if kind in ("literal_error", "enum"):
        return _not_among(error["input"], context, path)
    if kind in ("string_type", "value_error", "action"):
        return _own_words(error, context)
    return "is not valid here" if is_secret(path) else str(error["msg"]).replace("Input should", "should")


def _where_it_fits(path: Path) -> str | None:
    above = path[:-1]
    name = str(path[-1])
    if above and name in valid_names(above[:-1]):
        return f"it belongs one level up, beside {shown(above[-1])}"
    return next(
        (f"it belongs under {shown(one)}" for one in valid_names(above) if name in valid_names((*above, one))),
        None,
    )


def _not_among(value: Any, context: Any, path: Path) -> str:
    names = re.findall(r"'([^']*)'", str(context.get("expected", ""))) or [str(context.get("expected", ""))]
    said = "this" if is_secret(path) or isinstance(value, dict | list) else shown(value)
    return f"{said} is not known here; {advice('' if is_secret(path) else value, names)}"


def _own_words(error: Any, context: Any) -> str:
    if error["type"] == "value_error":
        return str(context.get("error", "is not valid here"))
    if error["type"] == "action":
        return str(context["what"])
    quotes = isinstance(error["input"], bool | int | float)
    return "must be text; put it in quotes" if quotes else "must be text"


_MAPPING = "must be a mapping, {name: value}"
_LIST = "must be a list, [value, value]"
_WHOLE = "must be a whole number, without quotes"
_NUMBER = "must be a number, without quotes"

_SAID = {
    "missing": "is missing; add it",
    "model_type": _MAPPING,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "none_required": "must be left empty",
    "string_pattern_mismatch": "has the wrong form",
    "invalid_key": "a key must be text",
}

_SAID_WITH: dict[str, Callable[[Any], str]] = {
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "greater_than": lambda context: f"must be more than {context['gt']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "less_than": lambda context: f"must be less than {context['lt']:g}",
    "too_short": lambda context: _at_least(context["min_length"], "entries"),
    "string_too_short": lambda context: _at_least(context["min_length"], "characters"),
    "too_long": lambda context: f"must have at most {context['max_length']} entries",
    "string_too_long": lambda context: f"must have at most {context['max_length']} characters",
}


def _at_least(least: int, what: str) -> str:
    return "must not be empty" if least == 1 else f"must have at least {least} {what}"
