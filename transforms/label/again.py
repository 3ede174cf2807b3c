"""A label decided again from its own evidence, after keys were destroyed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.label.evidence import Attack, FieldFacts, Recovery
from beam_deid.transforms.label.rule import Findings, decide
from beam_deid.transforms.terms import Recoverability, Sharing


def findings_of(label: Mapping[str, Any]) -> Findings:
    """What was known when a label was decided, from the content of its ``label.json``."""
    asked = label["asked"]
    return Findings(
        fields={name: FieldFacts(**{**facts, "role": tuple(facts["role"])}) for name, facts in label["fields"].items()},
        quasi=tuple(asked["quasi"]), sensitive=tuple(asked["sensitive"]), sharing=Sharing(label["sharing"]),
        k=asked["k"], l=asked["l"], t=asked["t"], risk_limit=asked["risk"], risk=label["risk"],
        attacks=tuple(Attack(**{**attack, "on": tuple(attack["on"])}) for attack in label["attacks"]),
        untested=asked["untested"], hits=tuple((hit["field"], hit["kind"], hit["hits"]) for hit in label["scan"]),
        scanned=asked["scanned"], linkable=asked["linkable"], search=label["search"],
        history=tuple(label["history"]) or None, history_limit=asked["history"],
        recoveries=tuple(Recovery(**one) for one in label.get("recoveries", ())), further=asked.get("further", {}),
    )  # fmt: skip


def decide_again(
    label: Mapping[str, Any], keyring: str, destroyed: Mapping[int, str], now: str
) -> dict[str, Any] | None:
    """Decide a label again, now that keys are gone.

    A field whose key was destroyed is ``key_destroyed``: nobody can turn it back. It counts as a quasi-identifier from
    then on; where the evidence holds no test of it as one, that test fails.

    Args:
        label: The content of ``label.json``.
        keyring: Id of the keyring.
        destroyed: The keyring's destroyed keys, by id.
        now: The time to give.

    Returns:
        The new content, with what it was before under ``amendments``; None if nothing changes.
    """
    found = findings_of(label)
    gone = {
        name: facts for name, facts in found.fields.items()
        if facts.key and facts.key["keyring"] == keyring and facts.key["id"] in destroyed
        and facts.recoverability == Recoverability.KEYED
    }  # fmt: skip
    if not gone:
        return None
    changed = {name: replace(facts, recoverability=str(Recoverability.KEY_DESTROYED)) for name, facts in gone.items()}
    again = decide(replace(found, fields={**found.fields, **changed})).to_json()
    amendment = {
        "at": now, "label": label["label"], "decided_at": label["decided_at"],
        "destroyed": sorted({facts.key["id"] for facts in gone.values() if facts.key}),
        "fields": {name: facts.recoverability for name, facts in gone.items()},
    }  # fmt: skip
    amended = {**label, **again, "decided_at": now, "amendments": [*label.get("amendments", ()), amendment]}
    return {key: amended[key] for key in (*label, "amendments") if key in amended}


def as_published(label: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The label's name and each field's recoverability as they were when the parts were written."""
    name, fields = label.get("label"), {}
    for amendment in reversed(label.get("amendments") or []):
        name = amendment["label"]
        fields.update(amendment["fields"])
    return name, fields
