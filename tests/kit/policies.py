"""Policies as mappings, of few words each."""

import os
from collections.abc import Mapping
from typing import Any

KEY = "BEAM_DEID_CASES_KEY"
"""The variable that holds a key: without one no register is kept, and nothing that the public is given is anonymized."""
os.environ.setdefault(KEY, "5a" * 32)


def roles(**named: str) -> dict[str, dict[str, Any]]:
    """The fields of a policy from their names by role: `direct="buyer phone:mobile", quasi="city", both="payment"`.

    What stands behind a colon is a kind; `both` are quasi-identifiers and sensitive.
    """
    words: Mapping[str, Any] = {
        "direct": "direct_identifier",
        "quasi": "quasi_identifier",
        "sensitive": "sensitive",
        "insensitive": "insensitive",
        "both": ["quasi_identifier", "sensitive"],
    }
    fields = {}
    for role, names in named.items():
        for name, _, kind in (one.partition(":") for one in names.split()):
            fields[name] = {"role": words[role]} | ({"kind": kind} if kind else {})
    return fields


def release(sharing: str, kept: str, fields: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A release that keeps the named fields, does with `fields` what is said there, and has `more` beside."""
    return {
        "purpose": "test",
        "sharing": sharing,
        "fields": dict.fromkeys(kept.split(), "keep") | dict(fields or {}),
        **more,
    }


def policy(fields: Mapping[str, Any], *, top: Mapping[str, Any] | None = None, **releases: Any) -> dict[str, Any]:
    """A policy whose subject is `buyer`; `top` says or takes back (None) what stands at the top, such as another subject."""
    whole = {
        "version": 1,
        "dataset": "t",
        "subject": "buyer",
        "fields": fields,
        "keys": {"key": f"env:{KEY}"},
        "releases": releases,
    } | dict(top or {})
    return {name: value for name, value in whole.items() if value is not None}
