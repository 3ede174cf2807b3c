"""The parts that the JSON Schemas of manifests are made of, and what follows from a type."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"$ref": "#/$defs/count"}
NUMBER: Schema = {"type": "number"}
DATE: Schema = {"type": "string", "format": "date"}
TIME: Schema = {"type": "string", "format": "date-time"}


_SIMPLE: Mapping[Any, Schema] = {str: TEXT, bool: FLAG, int: COUNT, float: NUMBER}


def object_of(**properties: Schema) -> Schema:
    """An object with these keys and no others."""
    return only(properties)


def only(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """The same, with keys that may be missing."""
    every = {**properties, **(optional or {})}
    return {"type": "object", "required": [*properties], "additionalProperties": False, "properties": every}


def type_of(
    kind: Any, given: Mapping[str, Schema] | None = None, without: Collection[str] = (), optional: Collection[str] = ()
) -> Schema:
    """The document of a dataclass or a named tuple: all its attributes, in their order.

    Args:
        kind: The type.
        given: The schemas of attributes that say more than their type does.
        without: Attributes that are no keys of the document.
        optional: Attributes that may be missing from it.
    """
    hints = get_type_hints(kind)
    names = [name for name in hints if name not in without]
    schemas = {name: (given or {}).get(name) or annotated(hints[name]) for name in names}
    needed = {name: schema for name, schema in schemas.items() if name not in optional}
    return only(needed, {name: schemas[name] for name in names if name in optional})


def annotated(annotation: Any) -> Schema:
    """What an annotation says by itself.

    Args:
        annotation: Text, a flag, a count, a number, a word of a closed set; or a tuple of any length, a mapping by text, or an
            optional one of such.

    Raises:
        TypeError: It is anything else, so that a schema must be given.
    """
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is tuple and arguments[1:] == (...,):
        return list_of(annotated(arguments[0]))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return map_of(annotated(arguments[1]))
    if type(None) in arguments and len(arguments) == 2:
        return nullable(annotated(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return one_of(annotation)
    raise TypeError(f"{annotation} needs a schema of its own")


def list_of(items: Schema, description: str = "") -> Schema:
    """A list of items of one schema."""
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


def nullable_word(words: type[Enum]) -> Schema:
    """A word of a closed set, or null."""
    return {"enum": [*(str(word.value) for word in words), None]}


def one_of(words: type[Enum]) -> Schema:
    """A word of a closed set."""
    return {"enum": [str(word.value) for word in words]}
