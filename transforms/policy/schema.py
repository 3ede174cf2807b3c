"""The JSON Schema of a policy, for editors, made from the models and the actions' options.

It knows the shape of a policy; what must agree between its parts is for `beam_deid.transforms.policy.reader`.
"""

from typing import Any

from pydantic import ValidationError

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.label.options import DEFINITIONS, DIALECT, schema_of
from beam_deid.transforms.policy.checks.names import RELEASE_NAME
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.table_schema import add_tables


def policy_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a policy, as plain values."""
    schema = schema_of(Policy)
    definitions = schema.pop("$defs")
    definitions["Action"] = {
        "description": "What a release does with the field",
        "anyOf": [_names(), *({"$ref": _reference(action)} for action in ACTIONS)],
    }
    for action in ACTIONS:
        options = schema_of(action)
        definitions.update(options.pop("$defs", {}))
        definitions[_title(action)] = _with_options(action, options)
    _allow_one_role(definitions["FieldSpec"])
    _name_kinds(definitions)
    add_tables(schema, definitions)
    schema["properties"]["releases"]["propertyNames"] = {"pattern": f"^{RELEASE_NAME}$"}
    return {
        "$schema": DIALECT,
        "title": "beam-deid policy",
        **schema,
        "$defs": dict(sorted(definitions.items())),
    }


def _names() -> dict[str, Any]:
    """The actions that a policy may write as a name alone."""
    return {"enum": [action.name for action in ACTIONS if _needs_no_option(action)]}


def _needs_no_option(action: type[Action]) -> bool:
    try:
        action.model_validate({})
    except ValidationError:
        return False
    return True


def _with_options(action: type[Action], options: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": options.get("description", action.name),
        "properties": {action.name: options},
        "required": [action.name],
        "additionalProperties": False,
    }


def _title(action: type[Action]) -> str:
    return f"Action_{action.name}"


def _reference(action: type[Action]) -> str:
    return DEFINITIONS.format(model=_title(action))


def _allow_one_role(field: dict[str, Any]) -> None:
    roles = field["properties"]["role"]
    description = roles.pop("description")
    field["properties"]["role"] = {"description": description, "anyOf": [roles["items"], roles]}


def _name_kinds(definitions: dict[str, Any]) -> None:
    """Give the list of kinds a name of its own, so that editors show it once."""
    kind = definitions["FieldSpec"]["properties"]["kind"]
    definitions["Kind"], null = kind["anyOf"]
    kind["anyOf"] = [{"$ref": DEFINITIONS.format(model="Kind")}, null]
