"""The parts that the JSON Schemas of papers are made of."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}


def object_of(**properties: Schema) -> Schema:
    """An object with these keys and no others."""
    return only(properties)


def only(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """The same, with keys that may be missing."""
    every = {**properties, **(optional or {})}
    return {"type": "object", "required": [*properties], "additionalProperties": False, "properties": every}


def dataclass_of(kind: Any, properties: Mapping[str, Schema], without: tuple[str, ...] = ()) -> Schema:
    """A dataclass as JSON: all its attributes, in their order."""
    return only({one.name: properties[one.name] for one in fields(kind) if one.name not in without})


def list_of(items: Schema, description: str = "") -> Schema:
    """A list."""
    return said({"type": "array", "items": items}, description)


def map_of(values: Schema) -> Schema:
    """An object with any keys."""
    return {"type": "object", "additionalProperties": values}


def said(schema: Schema, description: str) -> Schema:
    """A schema with a description."""
    return {"description": description, **schema} if description else schema


def nullable(schema: Schema) -> Schema:
    """A schema, or null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(words: type[Enum]) -> Schema:
    """A word of a closed set."""
    return {"enum": [str(word.value) for word in words]}
