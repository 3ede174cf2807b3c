"""The JSON Schema of the evidence in ``label.json``, from the types of the evidence."""

from typing import Any, get_args, get_type_hints

from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Hit, KeyFacts, Recovery
from beam_deid.transforms.label.identity_facts import IdentityFacts, SharedValues
from beam_deid.transforms.label.json_schema import (
    COUNT,
    DATE,
    FLAG,
    NUMBER,
    TEXT,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    said,
    type_of,
)
from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.register_facts import RegisterFacts
from beam_deid.transforms.label.scope import Knowledge
from beam_deid.transforms.label.sensitive_values import ListedValues, Spread
from beam_deid.transforms.recognisers.categories.category import categories
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.risk.attackers import Candidates
from beam_deid.transforms.risk.combinations import Combination
from beam_deid.transforms.risk.exposed import Exposed
from beam_deid.transforms.risk.history import History
from beam_deid.transforms.risk.measures import MEASURES
from beam_deid.transforms.risk.measures.group_sizes import SizeBin
from beam_deid.transforms.risk.measures.measure import Shape
from beam_deid.transforms.risk.presence import Presence
from beam_deid.transforms.terms import Recoverability, Role

LINE: Schema = {"type": "integer", "minimum": 1, "maximum": max(LINES), "description": "Line of the label rule"}
SHARE: Schema = {"$ref": "#/$defs/share"}
SHARES: Schema = {"$ref": "#/$defs/shares"}
SHA256: Schema = {"$ref": "#/$defs/sha256"}
KNOWLEDGE: Schema = {"$ref": "#/$defs/knowledge"}
ENVIRONMENT: Schema = {"$ref": "#/$defs/environment"}
NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "number"}}

_NOT_NEGATIVE: Schema = {"type": "number", "minimum": 0}
_GRADE: Schema = {"enum": ["low", "medium", "high"]}
_PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2}
_ATTACKS = ("digests", "frequency", "surrogates", "intervals", "mask", "masked", "platform")


def definitions() -> Schema:
    """What several parts of a label's schema refer to, by the names that they refer to it by."""
    return {
        "count": {"type": "integer", "minimum": 0},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "shares": {"type": "object", "additionalProperties": SHARE},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "knowledge": _knowledge(),
        "environment": _environment(),
    }


def evidence() -> Schema:
    """The parts of a label that are evidence, by their names in it; see `Label`."""
    return {
        "changes": _changes(),
        "environment": ENVIRONMENT,
        "attackers": said(map_of(KNOWLEDGE), "Declared attackers, and what of the release each knows"),
        "limits": said(NUMBERS, "The limit of every test"),
        "identities": _identities(),
        "base_rates": said(
            map_of(SHARE), "Of each sensitive column the share of all persons who have its commonest value"
        ),
        "register": _register(),
        "risk": _risk(),
        "attacks": list_of(
            _attack(), "Whom the release singles out by itself, and joins with what declared attackers hold"
        ),
        "recoveries": list_of(_recovery(), "Attacks on what fields still show of the values that they were made from"),
        "sensitive_values": _listed(),
        "scan": list_of(type_of(Hit), "Identifiers found in released values, labels and names"),
        "search": {"type": "object", "description": "How levels were chosen that the policy left open"},
        "fields": map_of(_field()),
        "history": list_of(
            _history(), "Chance that points of a person's history single it out; empty where it does not matter"
        ),
        "combinations": list_of(
            type_of(Combination, {"share": SHARE}),
            "Sets of columns, and how many persons each singles out; empty where the policy does not ask",
        ),
        "contributions": said(SHARES, "Share of each column in singling people out"),
    }


def _changes() -> Schema:
    drop = said(nullable(list_of(TEXT)), "Columns of which leaving out any one would do, at the same levels")
    suppress = said(nullable(SHARE), "Share of the rows that would have to be suppressed, at the same levels")
    return list_of(
        object_of(line=LINE, test=TEXT, columns=list_of(TEXT), text=TEXT, drop=drop, suppress=suppress),
        "What would change the label: for every test that does not hold the nearest change that would make it hold",
    )


def _knowledge() -> Schema:
    return type_of(
        Knowledge,
        {
            "known": said(list_of(TEXT), "The released fields that the attacker knows"),
            "table": {**FLAG, "description": "Whether it has a table, or an earlier release, of its own"},
        },
    )


def _environment() -> Schema:
    shares = dict.fromkeys(("prevalence", "E"), SHARE)
    return {
        "description": "The setting as declared, which nobody has checked, and the environment risk E that follows from it",
        **type_of(
            DeclaredEnvironment,
            {
                **dict.fromkeys(("controls", "motive", "security"), _GRADE),
                **shares,
                "population": COUNT,
                "valid_until": DATE,
            },
            optional=("population", "valid_until", "lapsed"),
        ),
    }


def _identities() -> Schema:
    given = {
        "counted": said(
            list_of(TEXT), "Fields of the source that count persons, each in a way of its own, the subject first"
        ),
        "deciding": said(
            nullable(TEXT), "The one that shows the fewest persons in a group; null where nobody was counted"
        ),
        "same_as": said(map_of(TEXT), "Fields that count as another one does, so that this counts for both"),
        "shared_values": said(map_of(type_of(SharedValues)), "Values of more than 100 subjects, which name nobody"),
        "without_subject": said(
            nullable({"type": "integer", "minimum": 0}), "Records that say nothing of whom they are about"
        ),
        "equal_files": said(COUNT, "Input files that are equal to another one, and count once"),
    }
    return {
        "description": "By what persons were counted, and what was found of each identity",
        **type_of(IdentityFacts, given),
    }


def _register() -> Schema:
    given = {
        "missing": said(TEXT, "Why none is kept; empty where one is"),
        "new": said(FLAG, "Whether it began with this run: nothing that was given out before is in it"),
        "record": said(nullable(TEXT), "The field by which records are known again; null for all columns together"),
        "in_common": said(
            map_of(COUNT), "Records of the run that each tested one has; none where only others lead to it"
        ),
        "disjoint": said(COUNT, "Registered releases that have none of the same records"),
    }
    known = "What is known of releases that were given out before, by what the register calls them"
    return said(type_of(RegisterFacts, given), known)


def _field() -> Schema:
    key = type_of(
        KeyFacts,
        {
            "id": {"type": "integer", "minimum": 1, "maximum": (1 << 32) - 1},
            "check": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        },
    )
    given = {
        "role": list_of(one_of(Role)),
        "recoverability": one_of(Recoverability),
        "kind": {"enum": [*(kind.name for kind in KINDS), None]},
        "key": said(nullable(key), "The key that made the field, where it still existed when the field was released"),
        "normalized": said(
            TEXT, "How spellings of one identifier were made one before it was made; missing if they were not"
        ),
    }
    given["category"] = said(
        {"enum": list(categories())}, "Its category of personal information; missing if nothing says it"
    )
    given["sensitive_by"] = said(TEXT, "The article by which that is sensitive; missing if it is not")
    given["notes"] = said(list_of(TEXT), "What whoever gets it should know beside; missing if there is nothing")
    return type_of(FieldFacts, given, optional=("normalized", "category", "sensitive_by", "notes"))


def _listed() -> Schema:
    spread = type_of(Spread, {"persons": COUNT, "groups": COUNT, "share": SHARE, "largest": SHARE})
    given = {
        "category": {"enum": [*categories(), None]},
        "fields": said(
            map_of(COUNT), "Distinct values in each field, as far as they were held together; never a value"
        ),
        "spread": said(nullable(spread), "Persons and groups that have them; null where values are told by their form"),
    }
    return list_of(type_of(ListedValues, given), "Released values that are on a list of sensitive ones")


def _attack() -> Schema:
    exposed = type_of(Exposed)
    share = {"properties": {**exposed["properties"], "share": SHARE}, "required": [*exposed["required"], "share"]}
    given = {
        "linked_rightly": {"type": ["integer", "null"], "minimum": 0},
        "share": SHARE,
        "limit": nullable(NUMBER),
        "candidates": said(
            nullable(type_of(Candidates, dict.fromkeys(Candidates.__annotations__, _NOT_NEGATIVE))),
            "How many persons of the release a person of an attacker's table may be",
        ),
        "presence": said(nullable(_presence()), "What an attacker's table tells where it is taken for the population"),
        "exposed": said(
            nullable({**exposed, **share}), "Whom an attacker narrows down to fewer than k; what line 7 goes by"
        ),
    }
    return type_of(Attack, given)


def _presence() -> Schema:
    return type_of(
        Presence,
        {
            "k_map": {"type": ["integer", "null"], "minimum": 1},
            "outside": SHARE,
            "delta": {**_PAIR, "items": SHARE},
            "journalist": SHARES,
            "marketer": SHARE,
        },
    )


def _recovery() -> Schema:
    given = {
        "attack": {"enum": [*_ATTACKS]},
        "share": said(nullable(NUMBER), "Null where the attack was too weak to conclude from it"),
    }
    return type_of(Recovery, given)


def _history() -> Schema:
    others = said(
        SHARES, "One point by other definitions: of all points, of all records, of persons with any such point"
    )
    given = {**dict.fromkeys(("share", "low", "high"), SHARE), "others": others}
    return type_of(History, given, optional=("others",))


def _risk() -> Schema:
    """The figures of all measures, as each declares them; others may stand among them."""
    shapes = [pair for measure in MEASURES for pair in get_type_hints(measure.kind, include_extras=True).items()]
    order = list(Shape)
    return {
        "type": "object",
        "description": "The figures of all measures; empty if no record was released",
        "properties": {
            name: _figure(one) for name, one in sorted(shapes, key=lambda pair: order.index(_shape(pair[1])))
        },
    }


def _shape(annotation: Any) -> Shape:
    """The shape that a figure's type declares.

    Raises:
        TypeError: It declares none.
    """
    found = [one for one in get_args(annotation)[1:] if isinstance(one, Shape)]
    if not found:
        raise TypeError(f"{annotation} says no Shape of a figure")
    return found[0]


def _figure(annotation: Any) -> Schema:
    shape = _shape(annotation)
    if shape is not Shape.ESTIMATES:
        return _SHAPES[shape]
    return {
        "type": "object",
        "description": "Uniqueness in the population, estimated; only where the policy says its size",
        "required": [*get_args(annotation)[0].__annotations__],
        "additionalProperties": {"type": ["number", "null"]},
    }


_SHAPES: dict[Shape, Schema] = {
    Shape.COUNT: COUNT,
    Shape.COUNT_OR_NULL: {"type": ["integer", "null"], "minimum": 0},
    Shape.SHARE: SHARE,
    Shape.SHARES: SHARES,
    Shape.COUNTS: map_of(COUNT),
    Shape.COUNT_PAIRS: map_of({**_PAIR, "items": {"type": ["integer", "null"]}}),
    Shape.NUMBER_PAIRS: map_of({**_PAIR, "items": {"type": "number"}}),
    Shape.NUMBERS: map_of(_NOT_NEGATIVE),
    Shape.SIZES: list_of(
        type_of(SizeBin), "Groups by the persons in them, as k counts them, and the records in these groups"
    ),
}
