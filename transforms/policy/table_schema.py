"""The tables of a policy in its JSON Schema."""

from typing import Any

from beam_deid.transforms.label.options import DEFINITIONS
from beam_deid.transforms.policy.checks.names import RELEASE_NAME
from beam_deid.transforms.policy.table_checks import TABLES

_TEXT = {"type": "string", "minLength": 1}


def add_tables(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let a schema of policies of one table say those of several, too.

    Args:
        schema: The schema.
        definitions: The schemas of its parts.
    """
    own = schema["properties"]
    definitions["Table"] = {
        "type": "object",
        "description": "One table of the dataset",
        "additionalProperties": False,
        "required": ["fields"],
        "properties": {
            "subject": {
                **_TEXT,
                "description": "The field that says whom a record is about; that of the table that joins name if not given",
            },
            "key": {**_TEXT, "description": "The field that tells its rows apart, to which other tables refer"},
            "joins": {
                "type": "object",
                "additionalProperties": _TEXT,
                "description": "Fields that refer to another table's key, each with that table: {customer_id: customers}",
            },
            "record": {**_TEXT, "description": "As that of a policy of one table; the key if not given"},
            "fields": own["fields"],
            "input": {**own["input"], "description": "How its files are read, where that differs from other tables"},
            "same": own["same"],
        },
    }
    own[TABLES] = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{RELEASE_NAME}$"},
        "additionalProperties": {"$ref": DEFINITIONS.format(model="Table")},
        "description": "The tables of the dataset, where there are several; subject, record, fields and same stand at each",
    }
    schema["required"] = [name for name in schema["required"] if name != "fields"]
    schema["oneOf"] = [{"required": ["fields"]}, {"required": [TABLES]}]
    _add_parts(definitions["Release"], definitions)


def _add_parts(release: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let a release say its parts by table: whatever a release says a part may say, and it goes first."""
    definitions["Part"] = {
        **release,
        "description": "What a release gives out of one table, and what else is of this table alone",
        "properties": dict(release["properties"]),
        "required": ["fields"],
    }
    release["required"] = [name for name in release["required"] if name != "fields"]
    release["properties"][TABLES] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": DEFINITIONS.format(model="Part")},
        "description": "The tables that are given out, where the policy has several, each with its fields",
    }
    release["oneOf"] = [{"required": ["fields"]}, {"required": [TABLES]}]
