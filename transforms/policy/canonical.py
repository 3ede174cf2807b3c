"""A policy as plain values in one fixed form, and its hash."""

import hashlib
import json
import os
from collections.abc import Collection
from typing import Any

import yaml
from pydantic import BaseModel

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.paths import is_hierarchy_file, with_paths
from beam_deid.transforms.policy.table_policy import TablePolicy
from beam_deid.transforms.policy.written import written
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.paths import is_local, shown

_LATER = (
    *("record", "recipient", "parts", "spreadsheet", "platform", "purposes", "recipients", "permitted_by"),
    *("retain", "review", "approver", "sensitive_values", "where", "consent", "basis"),
)
"""Options that came after runs had been named by their policies: where nothing is said the name stays as it was."""
_LATER_OF_ACTIONS = ("shared",)
"""The same of actions, where these say what holds anyway."""
_FIRST_OF_INPUT = frozenset({"format", "delimiter", "quote", "encoding", "records", "items", "fields", "combine"})
"""The options of ``input`` that were there from the beginning; all others are later ones."""
_LATER_OF_ENVIRONMENT = ("stated_by", "valid_until")
"""The later options of ``environment`` of a release."""
_FIRST_OF_FIELD = frozenset({"role", "kind"})
"""The same of a field."""
_FIRST_OF_ATTACKER = frozenset({"knows", "table", "within", "release"})
"""The same of an attacker."""


def policy_document(policy: Policy) -> dict[str, Any]:
    """The policy as its YAML would read with every default said. `policy_from_mapping` reads it back."""
    document: dict[str, Any] = policy.model_dump(mode="json", by_alias=True)
    for name, release in policy.releases.items():
        document["releases"][name]["fields"] = {field: written(act) for field, act in release.fields.items()}
        if release.consent is not None and release.consent.keyed is not None:
            document["releases"][name]["consent"]["keyed"] = written(release.consent.keyed)
    return document


def policy_yaml(policy: Policy) -> bytes:
    """The policy as YAML with every default said: the text of one that was read from no file. `read_policy` reads it back."""
    text: str = yaml.safe_dump(policy_document(policy), allow_unicode=True, sort_keys=False)
    return text.encode()


def policy_sha256(policy: Policy) -> str:
    """SHA-256, in hex, of the policy's canonical JSON.

    Comments, defaults spelt out, the order of keys and the folder do not count. The order of ``fields`` does,
    for columns are written in it. Files count by name, hierarchy files by content as well. Where the register is does not. That of
    one table among several is that of the policy of all.
    """
    if isinstance(policy, TablePolicy) and policy.facts.sha256:
        return policy.facts.sha256
    document = with_paths(policy_document(policy), _portable)
    del document["register"]
    for section in (document, *document["releases"].values()):
        for name in [name for name in _LATER if section.get(name, "") in (None, {})]:
            del section[name]
    for section in document["releases"].values():
        for name in _LATER_OF_ENVIRONMENT:
            if section["environment"][name] is None:
                del section["environment"][name]
    for name, release in policy.releases.items():
        for field, action in release.fields.items():
            _leave_out_later(action, document["releases"][name]["fields"][field][action.name])
    document["input"] = _said(document["input"], policy.input, _FIRST_OF_INPUT)
    for name, spec in policy.fields.items():
        document["fields"][name] = _said(document["fields"][name], spec, _FIRST_OF_FIELD)
    for name, release in policy.releases.items():
        known = document["releases"][name]["attackers"]
        for attacker, told in release.attackers.items():
            known[attacker] = _said(known[attacker], told, _FIRST_OF_ATTACKER)
    canonical = {"policy": document, "order": list(policy.fields), "hierarchies": _hierarchies(policy)}
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _leave_out_later(action: Action, options: dict[str, Any]) -> None:
    for name in _LATER_OF_ACTIONS:
        if name in options and getattr(action, name) == type(action).model_fields[name].default:
            del options[name]


def _said(section: dict[str, Any], options: BaseModel, first: Collection[str]) -> dict[str, Any]:
    """A section without those later options that say what holds anyway."""
    known = type(options).model_fields
    default = {
        name for name, one in known.items() if getattr(options, name) == one.get_default(call_default_factory=True)
    }
    return {name: value for name, value in section.items() if name in first or name not in default}


def _portable(path: str) -> str:
    return os.path.basename(path) if is_local(path) else shown(path)


def _hierarchies(policy: Policy) -> dict[str, str]:
    """Hash of each hierarchy file, by release and field."""
    actions = (
        (f"{name}\n{field}", getattr(action, "hierarchy", None))
        for name, release in policy.releases.items()
        for field, action in release.fields.items()
    )
    return {key: _content(path) for key, path in actions if isinstance(path, str) and is_hierarchy_file(path)}


def _content(path: str) -> str:
    try:
        return hashlib.sha256(read_all(path)).hexdigest()
    except DeidError:
        return "unreadable"
