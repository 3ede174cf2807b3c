"""A label decided again from its own evidence, after keys were destroyed: it keeps or worsens, and never betters.

That a key is gone is a claim about all copies of it that no evidence bears out, and what it made was measured while it
could still be turned back. Only a measurement, which is a new run, can make a release anonymized.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.label.evidence import Attack, FieldFacts, Recovery
from beam_deid.transforms.label.rule import Findings, decide
from beam_deid.transforms.terms import LabelName, Recoverability, Sharing

KEPT = "would hold now that the key is destroyed, but only a new run can show it"


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
    then on; where the evidence holds no test of it as one, that test fails. A test that failed before fails still.

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
    decided = decide(replace(found, fields={**found.fields, **changed})).to_json()
    again, kept = never_better(label, decided)
    amendment: dict[str, Any] = {
        "at": now, "label": label["label"], "decided_at": label["decided_at"],
        "destroyed": sorted({facts.key["id"] for facts in gone.values() if facts.key}),
        "fields": {name: facts.recoverability for name, facts in gone.items()},
    }  # fmt: skip
    if kept:
        amendment["kept"] = kept
    amended = {**label, **again, "decided_at": now, "amendments": [*label.get("amendments", ()), amendment]}
    return {key: amended[key] for key in (*label, "amendments") if key in amended}


def never_better(before: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What was decided again, as far as it is no better than before.

    Args:
        before: The content of ``label.json``.
        again: The label's part of it as it would be now.

    Returns:
        The label's part with every test that failed before still failing, as it was measured then, and the worse grade;
        and the names of the tests that would hold now.
    """
    failed = {test["name"]: test for test in before["tests"] if not test["passed"]}
    failing = {test["name"] for test in again["tests"] if not test["passed"]}
    kept = [name for name in failed if name not in failing]
    still = {name: {**failed[name], "detail": _kept(failed[name]["detail"])} for name in kept}
    tests = [still.pop(test["name"], test) for test in again["tests"]] + list(still.values())
    held = again["label"] == before["label"] == LabelName.ANONYMIZED and all(test["passed"] for test in tests)
    worse = {
        "label": str(LabelName.ANONYMIZED if held else LabelName.STILL_PERSONAL), "tests": tests,
        "grade": min(before["grade"], again["grade"]), "sensitive": before["sensitive"] or again["sensitive"],
    }  # fmt: skip
    return {**again, **worse}, kept


def _kept(detail: str) -> str:
    return detail if detail.endswith(KEPT) else f"{detail}; {KEPT}"


def as_published(label: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The label's name and each field's recoverability as they were when the parts were written."""
    name, fields = label.get("label"), {}
    for amendment in reversed(label.get("amendments") or []):
        name = amendment["label"]
        fields.update(amendment["fields"])
    return name, fields
