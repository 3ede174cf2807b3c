"""The JSON Schema of a register's revision, made from its types."""

from beam_deid.transforms.label.json_schema import (
    COUNT,
    DATE,
    TEXT,
    TIME,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    only,
    said,
    type_of,
)
from beam_deid.transforms.label.options import DIALECT
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.register.document import (
    FORMAT,
    Document,
    Entry,
    Event,
    Request,
    RequestKind,
    Run,
    State,
    Table,
)
from beam_deid.transforms.terms import LabelName, Role, Sharing

_SHA256: Schema = {"$ref": "#/$defs/sha256"}
_OBJECT: Schema = {"type": "object"}
_DATED = ("assessed_at", "review_by", "retain_until", "approver", "environment")
"""What earlier versions did not write."""
_TABLE: Schema = {"$ref": "#/$defs/table"}


_RARE = ("requests",)
"""What a revision holds only where there is something to say."""


def register_schema() -> Schema:
    """The JSON Schema (2020-12) of a register's ``revision-….json``, as plain values."""
    document = type_of(
        Document,
        {
            "register": said(TEXT, "The register's id, which is also the domain of its key"),
            "revision": said({"type": "integer", "minimum": 1}, "As in the file's name"),
            "written_at": TIME,
            "key": said(_key(), "The key of its fingerprints, and what tells it from others; never the key itself"),
            "releases": list_of(_entry(), "What was given out, in the order of registration"),
            "runs": list_of(_run(), "For counting whose data was handled"),
            "format": {"enum": [*range(1, FORMAT + 1)]},
            "requests": list_of(_request(), "What persons had done to what was published; missing if nothing"),
        },
        optional=_RARE,
    )
    digest = said(_SHA256, "Of the document without it: keys in order, compact, ASCII with escapes")
    properties = {**document["properties"], "sha256": digest}
    return {
        "$schema": DIALECT,
        "$id": "register.schema.json",
        "title": "A revision of a register (revision-000001.json …)",
        **only({name: one for name, one in properties.items() if name not in _RARE}, _rare(properties)),
        "$defs": _definitions(),
    }


def _rare(properties: Schema) -> Schema:
    return {name: properties[name] for name in _RARE}


def _key() -> Schema:
    """Who makes the key may say more of it."""
    facts = {"id": {"type": ["integer", "string", "null"]}, "check": TEXT}
    return {"type": "object", "required": [*facts], "properties": facts}


def _entry() -> Schema:
    return type_of(
        Entry,
        {
            "name": said(TEXT, "What it is called here: the release's name and a number"),
            "release": said(TEXT, "The release's name in its policy"),
            "made_at": TIME,
            "label": said(one_of(LabelName), "The label when it was published"),
            "sharing": one_of(Sharing),
            "recipient": said(nullable(TEXT), "To whom it was given; null where the policy does not say"),
            "state": _state(),
            "levels": said(map_of(TEXT), "Name of the decided level of each open field"),
            "losses": said(map_of({"type": "number", "minimum": 0, "maximum": 1}), "Loss of each open field"),
            "records": type_of(RecordCounts, optional=("withheld_by",)),
            "inputs": list_of(object_of(name=TEXT, size=COUNT, sha256=_SHA256)),
            "files": list_of(object_of(path=TEXT, rows=COUNT, sha256=_SHA256)),
            "label_sha256": said(_SHA256, "Of its label.json"),
            "policy_sha256": _SHA256,
            "record": said({"type": "string", "pattern": "^(field|columns):"}, "How records are known"),
            "identities": list_of(TEXT, "The identities by which its persons are counted, the subject's first"),
            "roles": said(map_of(list_of(one_of(Role))), "Of each released field"),
            "k": said(COUNT, "Persons that each of its groups must have"),
            "l": said(map_of(COUNT), "Distinct values that each of its sensitive fields must have in each group"),
            "together": list_of(
                TEXT, "Earlier entries of which it has some of the same records, directly or through others"
            ),
            "table": said(nullable(_TABLE), "Fingerprints of its records; null where it is not tested with others"),
            "events": list_of(_event(), "What was said of it later, the oldest first"),
            "given_to": said(
                {"type": "object"}, "What the policy declares of the recipient; missing where it declares none"
            ),
            "assessed_at": said(TEXT, "When it was measured; empty where that is not known"),
            "review_by": said(TEXT, "The day by which it is to be looked at again; empty where that is not known"),
            "retain_until": said(nullable(DATE), "The last day on which it may be kept"),
            "approver": said(nullable(_OBJECT), "Who approved it: name, at and reference"),
            "environment": said(nullable(_OBJECT), "Who states what is said of the recipient, and until when"),
            "consent": said(nullable(_consent()), "The consent that it rests on; null where it needed none"),
        },
        optional=("given_to", *_DATED),
    )


def _consent() -> Schema:
    return object_of(
        purpose=TEXT,
        as_of=TIME,
        persons=map_of(COUNT),
        rows=said(map_of(COUNT), "Rows of the ledger, and how many of them stand out, by why"),
        files=list_of(object_of(name=TEXT, size=COUNT, sha256=_SHA256)),
    )


def _event() -> Schema:
    return type_of(
        Event,
        {
            "at": TIME,
            "state": _state(),
            "run": said(TEXT, "The run that replaced it; empty where a person said so"),
            "reason": said(TEXT, "Why, where a person said so"),
        },
    )


def _run() -> Schema:
    return type_of(
        Run,
        {
            "made_at": TIME,
            "persons": said(
                nullable(_TABLE), "The persons of its records by every identity; null where there are none"
            ),
            "special": said(nullable(_TABLE), "The persons whom the law protects more, by group"),
            "subject": said(TEXT, "The identity that counts its persons; empty where none does"),
            "common_subject": said(TEXT, "What the subject is called in all tables; empty in a dataset of one table"),
            "counts": said(map_of(COUNT), "Persons by the subject, and in each group of special"),
            "operator": said(nullable(_OBJECT), "Who carried it out: operator, login and host"),
            "kept_until": said(TEXT, "The day until which this is kept at least"),
        },
        optional=("special", "subject", "common_subject", "counts", "operator", "kept_until"),
    )


def _request() -> Schema:
    return type_of(
        Request,
        {
            "kind": said(
                one_of(RequestKind), "Later runs leave out who was erased, and what is not as it was corrected"
            ),
            "at": TIME,
            "by": said(map_of(TEXT), "Who did it, and on which machine"),
            "reason": said(TEXT, "Why"),
            "rows": said(map_of(COUNT), "Rows changed of each release, by its name here"),
            "table": said(_TABLE, "Fingerprints of identities, or of corrected records with what they say"),
            "columns": said(list_of(TEXT), "The columns in which corrected records say it"),
        },
        optional=("columns",),
    )


def _state() -> Schema:
    return said(one_of(State), "pending, published and superseded ones are tested: somebody may have them")


def _definitions() -> Schema:
    table = type_of(
        Table,
        {
            "file": said({"type": "string", "pattern": r"^[^/\\]+$"}, "Its name below tables/"),
            "sha256": _SHA256,
            "prefix": said(TEXT, "What the names of this entry's columns begin with, where several share it"),
        },
    )
    return {
        "count": {"type": "integer", "minimum": 0},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "table": {"description": "A file of fingerprints", **table},
    }
