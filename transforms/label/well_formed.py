"""Whether manifests have the shape that whoever checks them relies on; says nothing of whether they are true."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.terms import LabelName, Sharing

_Check = Callable[[Any], bool]


def label_malformed(label: Mapping[str, Any]) -> list[str]:
    """What of a label's content has another shape than a label's, a sentence each; empty if nothing has."""
    return list(_wrong("label.json", label, _LABEL, _LABEL_OPTIONAL))


def run_malformed(run: Mapping[str, Any]) -> list[str]:
    """What of ``run.json``'s content has another shape than a run's, a sentence each; empty if nothing has."""
    return list(_wrong("run.json", run, _RUN, _RUN_OPTIONAL))


def _wrong(
    name: str, document: Mapping[str, Any], needed: Mapping[str, _Check], optional: Mapping[str, _Check]
) -> Iterator[str]:
    for key, check in needed.items():
        if key not in document:
            yield f"{name} has no {key}"
        elif not check(document[key]):
            yield f"{name}: {key} is not what it should be"
    for key, check in optional.items():
        if key in document and not check(document[key]):
            yield f"{name}: {key} is not what it should be"


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _one_of(*names: str) -> _Check:
    return lambda value: isinstance(value, str) and value in names


def _maybe(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _list_of(check: _Check, least: int = 0) -> _Check:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(check, value))


def _either(one: _Check, other: _Check) -> _Check:
    return lambda value: one(value) or other(value)


def _map_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _with(needed: Mapping[str, _Check], optional: Mapping[str, _Check] | None = None) -> _Check:
    """Mappings with these keys at least."""

    def holds(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        there = all(key in value and check(value[key]) for key, check in needed.items())
        return there and all(check(value[key]) for key, check in (optional or {}).items() if key in value)

    return holds


_TEST = _with({"name": _text, "passed": _flag}, {"line": _count, "detail": _text})
_FIELD = _with(
    {"role": _list_of(_text), "action": _text, "recoverability": _text},
    {
        "sentence": _text,
        "normalized": _text,
        "key": _maybe(_with({"id": _count, "check": _text}, {"keyring": _maybe(_text)})),
    },
)
_FILE = _with({"path": _text, "rows": _count, "sha256": _text})
_AMENDMENT = _with({"label": _one_of(*LabelName), "fields": _map_of(_text)})
_GROUND = _with({"kind": _text}, {"basis": _maybe(_text), "consent": _maybe(_is_mapping)})
_RECORDS = _with(
    {"read": _count, "released": _count}, {**dict.fromkeys(RECORD_COUNTS, _count), "withheld_by": _map_of(_count)}
)

_LABEL: Mapping[str, _Check] = {
    "schema_version": _count,
    "run": _text,
    "release": _text,
    "label": _one_of(*LabelName),
    "sharing": _one_of(*Sharing),
    "sensitive": _flag,
    "grade": _count,
    "policy_sha256": _text,
    "tests": _list_of(_TEST, 1),
    "fields": _map_of(_FIELD),
    "records": _RECORDS,
    "files": _list_of(_FILE),
}
_LABEL_OPTIONAL: Mapping[str, _Check] = {
    "risk": _is_mapping,
    "search": _is_mapping,
    "attacks": _list_of(_is_mapping),
    "scan": _list_of(_is_mapping),
    "recoveries": _list_of(_is_mapping),
    "history": _list_of(_is_mapping),
    "asked": _is_mapping,
    "ground": _GROUND,
    "combinations": _list_of(_is_mapping),
    "contributions": _is_mapping,
    "sensitive_values": _list_of(_is_mapping),
    "for_recipient": _is_mapping,
    "amendments": _list_of(_AMENDMENT),
    "purpose": _text,
    "decided_at": _text,
    "assessed_at": _text,
    "review_by": _text,
    "retain_until": _maybe(_text),
    "sha256": _text,
}
_RUN: Mapping[str, _Check] = {
    "schema_version": _count,
    "run": _text,
    "policy_sha256": _text,
    "sha256": _text,
    "rejected_sha256": _text,
    "releases": _map_of(
        _with({"published": _flag, "label": _text}, {"label_sha256": _text, "failing": _list_of(_text)})
    ),
}
_RUN_OPTIONAL: Mapping[str, _Check] = {
    "keyring": _maybe(_with({"id": _text, "path": _text})),
    "notes": _list_of(_text),
    "rejected_csv_sha256": _text,
    "policy_yaml_sha256": _text,
    "operator": _maybe(_map_of(_text)),
    "command": _maybe(_list_of(_text)),
    "policy": _maybe(_is_mapping),
    "inputs": _list_of(_with({"name": _text, "size": _count, "sha256": _text})),
    "kept_until": _text,
    "persons": _maybe(_either(_is_mapping, _list_of(_is_mapping))),  # of several tables those of each
}
