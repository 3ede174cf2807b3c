"""What pydantic finds wrong, in plain words for the author of a policy."""

import re
from collections.abc import Callable
from typing import Any

from beam_deid.transforms.policy.model_paths import is_secret, valid_names
from beam_deid.transforms.policy.nearest import advice, shown
from beam_deid.transforms.policy.retired import RETIRED
from beam_deid.transforms.policy.yaml_nodes import Path


def words_for(error: Any, path: Path) -> str:
    """One sentence on an error: what is wrong, and what to write instead. No value of a secret place is repeated.

    Args:
        error: An error as pydantic describes it: type, input and context.
        path: Where the policy says what is wrong.
    """
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
