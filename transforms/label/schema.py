"""The JSON Schema of ``label.json``, made from the requirements, the evidence and the words of the field."""

import re
from collections.abc import Iterable
from dataclasses import fields

from beam_deid.transforms.crypto.signing import ALGORITHM
from beam_deid.transforms.label.documents import SIGNATURE
from beam_deid.transforms.label.evidence import SCHEMA_VERSION, Attack, FieldFacts, Label, Recovery, Test
from beam_deid.transforms.label.json_schema import TEXT as _TEXT
from beam_deid.transforms.label.json_schema import TIME as _TIME
from beam_deid.transforms.label.json_schema import Schema
from beam_deid.transforms.label.json_schema import dataclass_of as _of
from beam_deid.transforms.label.json_schema import list_of as _list
from beam_deid.transforms.label.json_schema import map_of as _map
from beam_deid.transforms.label.json_schema import nullable as _nullable
from beam_deid.transforms.label.json_schema import object_of as _object
from beam_deid.transforms.label.json_schema import one_of as _one_of
from beam_deid.transforms.label.json_schema import only as _only
from beam_deid.transforms.label.json_schema import said as _said
from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.options import DIALECT, schema_of
from beam_deid.transforms.label.requirements import REQUIREMENTS, options_model
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.scope import Scope, Sibling
from beam_deid.transforms.label.well_formed import COUNTS
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.risk.exposure import Exposed
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing

_BEFORE = (
    "schema_version",
    "run",
    "release",
    "purpose",
    "sharing",
    "label",
    "sensitive",
    "grade",
    "decided_at",
    "policy_sha256",
)
_AFTER = ("records", "files")
_ATTACKS = ("digests", "frequency", "surrogates", "intervals", "mask", "masked", "platform")


def label_schema() -> Schema:
    """The JSON Schema (2020-12) of ``label.json``, as plain values."""
    asked, definitions = _asked()
    properties = {**_head(), **_evidence(), "asked": asked, **_tail()}
    evidence = [one.name for one in fields(Label) if one.name not in _BEFORE]
    order = (*_BEFORE, *evidence, *_AFTER, "amendments", SIGNATURE)
    return {
        "$schema": DIALECT,
        "$id": "label.schema.json",
        "title": "The label of a release, with its evidence (label.json)",
        "type": "object",
        "required": [*_BEFORE, *evidence, *_AFTER],
        "additionalProperties": False,
        "properties": {name: properties[name] for name in order},
        "$defs": {**_DEFINITIONS, **definitions},
    }


def names_by_line(requirements: Iterable[Requirement] = REQUIREMENTS) -> dict[int, str]:
    """Of each line of the label rule a pattern of its tests' names: the requirement's, or this with what the test is about."""
    found: dict[int, list[str]] = {}
    for one in sorted(requirements, key=lambda requirement: requirement.line):
        found.setdefault(one.line, []).append(re.escape(one.name) + (r":[\s\S]+" if one.target else ""))
    return {line: f"^(?:{'|'.join(names)})$" for line, names in found.items()}


def _head() -> Schema:
    return {
        "schema_version": {"const": SCHEMA_VERSION},
        "run": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "release": _TEXT,
        "purpose": _TEXT,
        "sharing": _one_of(Sharing),
        "label": _one_of(LabelName),
        "sensitive": {"type": "boolean", "description": "Whether a sensitive column is released"},
        "grade": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "description": "After GB/T 42460-2023, a reference value",
        },
        "decided_at": _TIME,
        "policy_sha256": _SHA256,
        "condition": {
            "type": "string",
            "description": "Under what condition the label holds; empty where it is still_personal",
        },
    }


def _evidence() -> Schema:
    return {
        "tests": _tests(),
        "changes": _list(
            _object(
                line=_LINE,
                test=_TEXT,
                columns=_list(_TEXT),
                text=_TEXT,
                drop=_said(
                    _nullable(_list(_TEXT)), "Columns of which leaving out any one would do, at the same levels"
                ),
                suppress=_said(
                    _nullable(_SHARE), "Share of the rows that would have to be suppressed, at the same levels"
                ),
            ),
            "What would change the label: for every test that does not hold the nearest change that would make it hold",
        ),
        "environment": _ENVIRONMENT,
        "attackers": _said(_map(_KNOWLEDGE), "Declared attackers, and what of the release each knows"),
        "limits": _said(_map({"type": "number"}), "The limit of every test"),
        "identities": _IDENTITIES,
        "base_rates": _said(
            _map(_SHARE), "Of each sensitive column the share of all persons who have its commonest value"
        ),
        "register": _said(
            _object(
                kept={"type": "boolean"},
                missing=_said(_TEXT, "Why none is kept; empty where one is"),
                new=_said(
                    {"type": "boolean"}, "Whether it began with this run: nothing that was given out before is in it"
                ),
                record=_said(
                    _nullable(_TEXT), "The field by which records are known again; null for all columns together"
                ),
                tested=_list(_TEXT),
                in_common=_said(
                    _map(_COUNT), "Records of the run that each tested one has; none where only others lead to it"
                ),
                untested=_list(_TEXT),
                disjoint=_said(_COUNT, "Registered releases that have none of the same records"),
            ),
            "What is known of releases that were given out before, by what the register calls them",
        ),
        "risk": _RISK,
        "attacks": _list(
            _ATTACK, "Whom the release singles out by itself, and joins with what declared attackers hold"
        ),
        "recoveries": _list(_RECOVERY, "Attacks on what fields still show of the values that they were made from"),
        "scan": _list(
            _object(field=_TEXT, kind=_TEXT, hits=_COUNT), "Identifiers found in released values, labels and names"
        ),
        "search": {"type": "object", "description": "How levels were chosen that the policy left open"},
        "fields": _map(_FIELD),
        "history": _list(
            _POINT, "Chance that points of a person's history single it out; empty where it does not matter"
        ),
        "combinations": _list(
            _object(fields=_list(_TEXT), unique_subjects=_COUNT, share=_SHARE),
            "Sets of columns, and how many persons each singles out; empty where the policy does not ask",
        ),
        "contributions": _said(_SHARES, "Share of each column in singling people out"),
    }


def _tail() -> Schema:
    amendment = _object(
        at=_TIME,
        label=_one_of(LabelName),
        decided_at=_TIME,
        condition=_TEXT,
        limits=_map({"type": "number"}),
        destroyed=_said(_list({"type": "integer"}), "Keys that were destroyed, by id"),
        fields=_said(_map(_one_of(Recoverability)), "What each field was before"),
    )
    return {
        "amendments": _list(amendment, "What the label was before it was decided again"),
        SIGNATURE: _said(
            _object(
                algorithm={"const": ALGORITHM},
                key={"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$", "description": "The public key, base64"},
                value={"type": "string", "pattern": "^[A-Za-z0-9+/]{86}==$", "description": "The signature, base64"},
            ),
            "Over the document without it: keys in order, compact, ASCII with escapes",
        ),
        "records": _only(dict.fromkeys(COUNTS, _COUNT)),
        "files": _list(_object(path=_TEXT, rows=_COUNT, sha256=_SHA256)),
    }


def _tests() -> Schema:
    names = names_by_line()
    test = _of(
        Test,
        {
            "line": _LINE,
            "name": _TEXT,
            "passed": {"type": "boolean"},
            "detail": _TEXT,
            "measured": _said(_nullable({"type": "number"}), "Null where nothing was measured, which does not hold"),
            "limit": {"type": "number"},
        },
    )
    each = [{"properties": {"line": {"const": line}, "name": {"pattern": names}}} for line, names in names.items()]
    return {"type": "array", "minItems": 1, "items": {**test, "anyOf": each}}


def _asked() -> tuple[Schema, Schema]:
    """What `Scope.to_json` gives; and definitions of what a policy may ask for."""
    asked = schema_of(options_model())
    definitions = asked.pop("$defs", {})
    for option in asked["properties"].values():
        option.pop("default", None)
    sibling = _of(
        Sibling,
        {
            "shared": _list(_TEXT),
            "sensitive": _list(_TEXT),
            "k": _COUNT,
            "l": _map(_COUNT),
            "left_out": _list(_TEXT),
        },
    )
    stated = ("fields", "release", "sharing")
    return {
        "description": "What was tested and asked for, so that the label can be decided again from this file alone",
        **_of(
            Scope,
            {
                "subject": _nullable(_TEXT),
                "identities": _list(_TEXT),
                "asked": {**asked, "description": "What the policy asks for under require; only what it says"},
                "attackers": _map(_KNOWLEDGE),
                "siblings": _said(
                    _map(sibling), "Releases, of the run and registered ones, that were tested together with it"
                ),
                "linked": {
                    "type": "boolean",
                    "description": "Whether rows of one person can be told to belong together",
                },
                "environment": _ENVIRONMENT,
                "register": _said(
                    _nullable(_TEXT), "Why nothing is remembered of what was given out; empty where a register is kept"
                ),
            },
            without=stated,
        ),
    }, definitions


_LINE: Schema = {"type": "integer", "minimum": 1, "maximum": max(LINES), "description": "Line of the label rule"}
_COUNT: Schema = {"$ref": "#/$defs/count"}
_SHARE: Schema = {"$ref": "#/$defs/share"}
_SHARES: Schema = {"$ref": "#/$defs/shares"}
_SHA256: Schema = {"$ref": "#/$defs/sha256"}
_KNOWLEDGE: Schema = {"$ref": "#/$defs/knowledge"}
_ENVIRONMENT: Schema = {"$ref": "#/$defs/environment"}
_NOT_NEGATIVE: Schema = {"type": "number", "minimum": 0}
_GRADE: Schema = {"enum": ["low", "medium", "high"]}
_PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2}

_DEFINITIONS: Schema = {
    "count": {"type": "integer", "minimum": 0},
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "shares": {"type": "object", "additionalProperties": _SHARE},
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "knowledge": _object(
        known=_said(_list(_TEXT), "The released fields that the attacker knows"),
        table={"type": "boolean", "description": "Whether it has a table, or an earlier release, of its own"},
    ),
    "environment": {
        "description": "The setting as declared, which nobody has checked, and the environment risk E that follows from it",
        **_only(
            {
                "controls": _GRADE,
                "motive": _GRADE,
                "prevalence": _SHARE,
                "acquaintances": _COUNT,
                "security": _GRADE,
                "E": _SHARE,
            },
            {"population": _COUNT},
        ),
    },
}

_IDENTITIES: Schema = {
    "description": "By what persons were counted, and what was found of each identity",
    **_object(
        counted=_said(
            _list(_TEXT), "Fields of the source that count persons, each in a way of its own, the subject first"
        ),
        deciding=_said(
            _nullable(_TEXT), "The one that shows the fewest persons in a group; null where nobody was counted"
        ),
        same_as=_said(_map(_TEXT), "Fields that count as another one does, so that this counts for both"),
        shared_values=_said(
            _map(_object(values=_COUNT, cells=_COUNT)), "Values of more than 100 subjects, which name nobody"
        ),
        without_subject=_said(
            _nullable({"type": "integer", "minimum": 0}), "Records that say nothing of whom they are about"
        ),
        equal_files=_said(_COUNT, "Input files that are equal to another one, and count once"),
    ),
}

_FIELD: Schema = _of(
    FieldFacts,
    {
        "role": _list(_one_of(Role)),
        "action": _TEXT,
        "recoverability": _one_of(Recoverability),
        "kind": {"enum": [*(kind.name for kind in KINDS), None]},
        "sentence": _TEXT,
        "key": _said(
            _nullable(
                _object(
                    id={"type": "integer", "minimum": 1, "maximum": (1 << 32) - 1},
                    check={"type": "string", "pattern": "^[0-9a-f]{16}$"},
                    keyring=_nullable(_TEXT),
                )
            ),
            "The key that made the field, where it still existed when the field was released",
        ),
    },
)

_EXPOSED: Schema = _object(
    **{one.name: {"type": "boolean"} if one.name == "exact" else _COUNT for one in fields(Exposed)}, share=_SHARE
)

_ATTACK: Schema = _of(
    Attack,
    {
        "name": _TEXT,
        "on": _list(_TEXT),
        "subjects": _COUNT,
        "linked": _COUNT,
        "linked_rightly": {"type": ["integer", "null"], "minimum": 0},
        "share": _SHARE,
        "limit": {"type": ["number", "null"]},
        "candidates": _said(
            _nullable(_only(dict.fromkeys(("subjects", "least", "median", "mean", "most"), _NOT_NEGATIVE))),
            "How many persons of the release a person of an attacker's table may be",
        ),
        "presence": _said(
            _nullable(
                _object(
                    k_map={"type": ["integer", "null"], "minimum": 1},
                    outside=_SHARE,
                    delta={**_PAIR, "items": _SHARE},
                    journalist=_SHARES,
                    marketer=_SHARE,
                )
            ),
            "What an attacker's table tells where it is taken for the population",
        ),
        "exposed": _said(_nullable(_EXPOSED), "Whom an attacker narrows down to fewer than k; what line 7 goes by"),
    },
)

_RECOVERY: Schema = _of(
    Recovery,
    {
        "field": _TEXT,
        "attack": {"enum": [*_ATTACKS]},
        "values": _COUNT,
        "recovered": _COUNT,
        "detail": _TEXT,
        "share": _said({"type": ["number", "null"]}, "Null where the attack was too weak to conclude from it"),
        "limit": {"type": ["number", "null"]},
    },
)

_POINT: Schema = _only(
    {"points": _COUNT, "share": _SHARE, "low": _SHARE, "high": _SHARE},
    {
        "others": _said(
            _SHARES, "One point by other definitions: of all points, of all records, of persons with any such point"
        )
    },
)

_RISK: Schema = {
    "type": "object",
    "description": "The figures of all measures; empty if no record was released",
    "properties": {
        **dict.fromkeys(("records", "subjects", "classes", "unique_subjects", "k"), _COUNT),
        "k_composite": {"type": ["integer", "null"], "minimum": 0},
        **dict.fromkeys(("max_risk", "avg_risk", "marketer"), _SHARE),
        **dict.fromkeys(("prosecutor", "journalist", "sharing", "t"), _SHARES),
        **dict.fromkeys(("l_distinct", "l_entropy"), _map(_COUNT)),
        "l_recursive": _map({**_PAIR, "items": {"type": ["integer", "null"]}}),
        "alpha_k": _map({**_PAIR, "items": {"type": "number"}}),
        **dict.fromkeys(("beta_basic", "beta_enhanced", "delta_disclosure"), _map(_NOT_NEGATIVE)),
        "population": {
            "type": "object",
            "description": "Uniqueness in the population, estimated; only where the policy says its size",
            "required": ["population", "sample", "pitman", "zayatz", "snb", "chosen"],
            "additionalProperties": {"type": ["number", "null"]},
        },
    },
}
