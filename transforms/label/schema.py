"""The JSON Schema of ``label.json``, made from the requirements, the evidence and the words of the field."""

import re
from collections.abc import Iterable
from dataclasses import fields

from beam_deid.transforms.crypto.signing import ALGORITHM
from beam_deid.transforms.label.documents import SIGNATURE
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.evidence_schema import (
    ENVIRONMENT,
    KNOWLEDGE,
    LINE,
    NUMBERS,
    SHA256,
    definitions,
    evidence,
)
from beam_deid.transforms.label.json_schema import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    said,
    type_of,
)
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.manifest import SCHEMA_VERSION, ReleasedFile
from beam_deid.transforms.label.options import DIALECT, schema_of
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements import REQUIREMENTS, Options
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.scope import STATED, NotRead, Scope, Sibling
from beam_deid.transforms.terms import LabelName, Recoverability, Sharing

_AFTER = ("records", "files")


def label_schema() -> Schema:
    """The JSON Schema (2020-12) of ``label.json``, as plain values."""
    head = _head()
    asked, options = _asked()
    properties = {**head, **_label(), **evidence(), "asked": asked, **_tail()}
    told = [one.name for one in fields(Label) if one.name not in head]
    return {
        "$schema": DIALECT,
        "$id": "label.schema.json",
        "title": "The label of a release, with its evidence (label.json)",
        "type": "object",
        "required": [*head, *told, *_AFTER],
        "additionalProperties": False,
        "properties": {name: properties[name] for name in (*head, *told, *_AFTER, "amendments", SIGNATURE)},
        "$defs": {**definitions(), **options},
    }


def names_by_line(requirements: Iterable[Requirement] = REQUIREMENTS) -> dict[int, str]:
    """Of each line of the label rule a pattern of its tests' names: the requirement's, or this with what the test is about."""
    found: dict[int, list[str]] = {}
    for one in sorted(requirements, key=lambda requirement: requirement.line):
        found.setdefault(one.line, []).append(re.escape(one.name) + (r":[\s\S]+" if one.target else ""))
    return {line: f"^(?:{'|'.join(names)})$" for line, names in found.items()}


def _head() -> Schema:
    """What stands before the evidence, in this order."""
    return {
        "schema_version": {"const": SCHEMA_VERSION},
        "run": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "release": TEXT,
        "purpose": TEXT,
        "sharing": one_of(Sharing),
        "label": one_of(LabelName),
        "sensitive": {**FLAG, "description": "Whether a sensitive column is released"},
        "grade": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "description": "After GB/T 42460-2023, a reference value",
        },
        "decided_at": TIME,
        "policy_sha256": SHA256,
    }


def _label() -> Schema:
    """What follows from the evidence."""
    condition = "Under what condition the label holds; empty where it is still_personal"
    return {"tests": _tests(), "condition": {**TEXT, "description": condition}}


def _tail() -> Schema:
    """What stands after the evidence."""
    return {
        "amendments": list_of(_amendment(), "What the label was before it was decided again"),
        SIGNATURE: said(_signature(), "Over the document without it: keys in order, compact, ASCII with escapes"),
        "records": type_of(RecordCounts),
        "files": list_of(type_of(ReleasedFile, {"sha256": SHA256})),
    }


def _amendment() -> Schema:
    return object_of(
        at=TIME,
        label=one_of(LabelName),
        decided_at=TIME,
        condition=TEXT,
        limits=NUMBERS,
        destroyed=said(list_of({"type": "integer"}), "Keys that were destroyed, by id"),
        fields=said(map_of(one_of(Recoverability)), "What each field was before"),
    )


def _signature() -> Schema:
    return object_of(
        algorithm={"const": ALGORITHM},
        key={"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$", "description": "The public key, base64"},
        value={"type": "string", "pattern": "^[A-Za-z0-9+/]{86}==$", "description": "The signature, base64"},
    )


def _tests() -> Schema:
    given = {
        "line": LINE,
        "measured": said(nullable(NUMBER), "Null where nothing was measured, which does not hold"),
        "limit": NUMBER,
    }
    names = names_by_line()
    each = [{"properties": {"line": {"const": line}, "name": {"pattern": names}}} for line, names in names.items()]
    return {"type": "array", "minItems": 1, "items": {**type_of(Test, given), "anyOf": each}}


def _asked() -> tuple[Schema, Schema]:
    """What `Scope.to_document` gives; and definitions of what a policy may ask for."""
    options, parts = _options()
    siblings = "Releases, of the run and registered ones, that were tested together with it"
    given = {
        "asked": {**options, "description": "What the policy asks for under require; only what it says"},
        "attackers": map_of(KNOWLEDGE),
        "siblings": said(map_of(type_of(Sibling)), siblings),
        "linked": {**FLAG, "description": "Whether rows of one person can be told to belong together"},
        "environment": ENVIRONMENT,
        "register": said(
            nullable(TEXT), "Why nothing is remembered of what was given out; empty where a register is kept"
        ),
        "ignored": said(
            type_of(NotRead, _ignored()), "Columns of the source that are not read; missing where there are none"
        ),
        "apart": list_of(
            TEXT, "Releases of other tables that are not tested together with it; missing where there are none"
        ),
    }
    description = "What was tested and asked for, so that the label can be decided again from this file alone"
    return {"description": description, **type_of(Scope, given, STATED, ("ignored", "apart"))}, parts


def _ignored() -> Schema:
    """What a label says of columns that are not read."""
    columns = "The columns of the files that these match; null where the source was no files"
    return {
        "patterns": said(list_of(TEXT), "Names and patterns under input.ignore, but for what looks like an identifier"),
        "columns": said(nullable(list_of(TEXT)), columns),
        "unnamed": {**COUNT, "description": "How many of them are not named, for their names look like identifiers"},
    }


def _options() -> tuple[Schema, Schema]:
    """What a policy may ask for, and definitions of its parts; a label holds what the policy says, without defaults."""
    options = schema_of(Options)
    parts = options.pop("$defs", {})
    for option in options["properties"].values():
        option.pop("default", None)
    return options, parts
