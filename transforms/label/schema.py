"""The JSON Schema of ``label.json``, made from the requirements, the evidence and the words of the field."""

import re
from collections.abc import Iterable
from dataclasses import fields

from beam_deid.transforms.crypto.signing import ALGORITHM
from beam_deid.transforms.label.documents import OWN_SHA256, SIGNATURE, WINDOW
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
from beam_deid.transforms.label.for_recipient import DUTIES, Declaration
from beam_deid.transforms.label.ground import ConsentGround, Ground
from beam_deid.transforms.label.json_schema import (
    COUNT,
    DATE,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    list_of,
    map_of,
    nullable,
    nullable_word,
    object_of,
    one_of,
    said,
    type_of,
)
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.manifest import DATES, SCHEMA_VERSION, ReleasedFile
from beam_deid.transforms.label.options import DIALECT, schema_of
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements import REQUIREMENTS, Options
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.scope import RARE, STATED, FilterFacts, NotRead, Scope, Sibling
from beam_deid.transforms.terms import ForRecipientName, LabelName, RecipientRole, Recoverability, Sharing

_AFTER = ("records", "files")
_FOR_RECIPIENT = "for_recipient"


def label_schema() -> Schema:
    """The JSON Schema (2020-12) of ``label.json``, as plain values."""
    head = _head()
    asked, options = _asked()
    properties = {**head, **_label(), **evidence(), "asked": asked, **_tail()}
    told = [one.name for one in fields(Label) if one.name not in (*head, _FOR_RECIPIENT)]
    return {
        "$schema": DIALECT,
        "$id": "label.schema.json",
        "title": "The label of a release, with its evidence (label.json)",
        "type": "object",
        "required": [*(name for name in head if name not in DATES), *told, *_AFTER],
        "additionalProperties": False,
        "properties": {
            name: properties[name]
            for name in (*head, *told, *_AFTER, _FOR_RECIPIENT, "amendments", "ground", WINDOW, OWN_SHA256, SIGNATURE)
        },
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
        "sensitive": {
            **FLAG,
            "description": "Whether a column is released that is sensitive by its role or its category, or a value that is",
        },
        "grade": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "description": "After GB/T 42460-2023, a reference value",
        },
        "decided_at": TIME,
        "assessed_at": said(TIME, "When it was measured: as of then what is stated until a day holds or does not"),
        "review_by": said(DATE, "The day by which it is to be looked at again"),
        "retain_until": said(
            nullable(DATE), "The last day on which it may be kept; null where the policy does not say"
        ),
        "policy_sha256": SHA256,
    }


def _label() -> Schema:
    """What follows from the evidence."""
    condition = "Under what condition the label holds; empty where it is still_personal"
    return {"tests": _tests(), "condition": {**TEXT, "description": condition}}


def _tail() -> Schema:
    """What stands after the evidence."""
    return {
        "amendments": list_of(
            {"anyOf": [_amendment(), _change()]},
            "What the label was before it was decided again, or its rows were changed",
        ),
        _FOR_RECIPIENT: said(
            _for_recipient(), "What the release is for its recipient; missing where the policy declares no recipients"
        ),
        SIGNATURE: said(_signature(), "Over the document without it: keys in order, compact, ASCII with escapes"),
        OWN_SHA256: said(
            SHA256, "Of the document without it and its signature, likewise; only where no run.json lists it"
        ),
        WINDOW: said(TEXT, "The folder of its window, where a collection was released window by window"),
        "ground": _ground(),
        "records": type_of(RecordCounts, optional=("withheld_by",)),
        "files": list_of(type_of(ReleasedFile, {"sha256": SHA256})),
    }


def _for_recipient() -> Schema:
    """What `ForRecipient.to_document` gives."""
    declared = type_of(
        Declaration,
        {
            "role": said(nullable_word(RecipientRole), "What the recipient is in law; null where none is named"),
            "absent": said(list_of(TEXT), "Fields of which the recipient is declared not to have the key"),
            "held": said(list_of(TEXT), "Fields of which it has the key, or of which nobody says whether it has"),
            "unknown": said(list_of(TEXT), "What is not known, so that nothing can be stated"),
        },
    )
    return object_of(
        statement=one_of(ForRecipientName),
        **declared["properties"],
        rests_on=TEXT,
        tests=said(_tests(), "The tests that keys have a part in, as the recipient sees the release"),
        failing=said(list_of(TEXT), "All tests that do not hold for the recipient, or were not measured"),
        duties={"const": DUTIES},
    )


def _ground() -> Schema:
    persons = "Persons of the ledger: known, and with their own consent, with the guardian's, withdrawn"
    consent = type_of(ConsentGround, {"as_of": TIME, "persons": said(map_of(COUNT), persons)})
    what = "What the release rests on, as policy and ledger say it; missing where nothing says it"
    return said(type_of(Ground, {"consent": nullable(consent)}), what)


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


def _change() -> Schema:
    return object_of(
        at=TIME,
        label=one_of(LabelName),
        decided_at=TIME,
        condition=TEXT,
        limits=NUMBERS,
        fields=said(map_of(one_of(Recoverability)), "Empty: how fields are given out stays"),
        erased=said(COUNT, "Rows that were taken out, as persons asked to have their data erased"),
        corrected=said(COUNT, "Rows that were replaced by corrected ones"),
        measured=said(TEXT, "How the release was measured again; empty if it was not"),
        not_measured=said(TEXT, "Why it could not be, or not all of it"),
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
        "row_filter": said(
            map_of(type_of(FilterFacts)),
            "Fields by whose values the records are chosen, and consent; missing where all records are",
        ),
        "apart": list_of(
            TEXT, "Releases of other tables that are not tested together with it; missing where there are none"
        ),
    }
    description = "What was tested and asked for, so that the label can be decided again from this file alone"
    return {"description": description, **type_of(Scope, given, STATED, RARE)}, parts


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
