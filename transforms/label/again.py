"""A label decided again from its own evidence, after keys were destroyed. Evidence never upgrades."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.papers import Papers, condition_of
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.direct_identifiers import DirectIdentifiers
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.requirements.restorable import Restorable
from beam_deid.transforms.label.rule import name_of, test_of
from beam_deid.transforms.label.scope import Scope, links
from beam_deid.transforms.terms import LabelName, Recoverability

_WRITTEN = ("label", "limits", "condition")
"""What stands in the parts, too, and may change with a decision made again."""


def decide_again(
    label: Mapping[str, Any], keyring: str, destroyed: Mapping[int, str], now: str
) -> dict[str, Any] | None:
    """Decide a label again, now that keys are gone.

    A field whose key was destroyed is ``key_destroyed``: nobody can turn it back. It is a pseudonym from then on, and where the
    evidence holds no attack on it, that test fails. The label stays or gets worse: rows that were published as personal stand in
    the order of their source, and only a new measurement can make a release `anonymized`.

    Args:
        label: The content of ``label.json``.
        keyring: Id of the keyring.
        destroyed: The keyring's destroyed keys, by id.
        now: The time to give.

    Returns:
        The new content, with what it was before under ``amendments``; None if nothing changes.
    """
    scope = Scope.from_label(label)
    gone = {
        name: facts
        for name, facts in scope.fields.items()
        if facts.key
        and facts.key["keyring"] == keyring
        and facts.key["id"] in destroyed
        and facts.recoverability == Recoverability.KEYED
    }
    if not gone:
        return None
    changed = {name: replace(facts, recoverability=str(Recoverability.KEY_DESTROYED)) for name, facts in gone.items()}
    fields = {**scope.fields, **changed}
    scope = replace(scope, fields=fields, linked=links(fields))
    tests = list(_tests(scope, label))
    after = name_of(tests) if label["label"] == LabelName.ANONYMIZED else LabelName.STILL_PERSONAL
    amendment = {
        "at": now,
        "decided_at": label["decided_at"],
        **{key: label[key] for key in _WRITTEN},
        "destroyed": sorted({facts.key["id"] for facts in gone.values() if facts.key}),
        "fields": {name: facts.recoverability for name, facts in gone.items()},
    }
    amended = {
        **label,
        "label": str(after),
        "condition": condition_of(after, scope),
        "tests": [asdict(test) for test in tests],
        "limits": {test.name: test.limit for test in tests},
        "fields": {name: {**asdict(facts), "role": list(facts.role)} for name, facts in fields.items()},
        "asked": scope.to_json(),
        "decided_at": now,
        "amendments": [*label.get("amendments", ()), amendment],
    }
    return {key: amended[key] for key in (*label, "amendments") if key in amended}


def _tests(scope: Scope, label: Mapping[str, Any]) -> Iterable[Test]:
    """Every test of the scope, by how fields are given out now and what was measured then; what was not does not hold."""
    made = {str(test["name"]): test for test in label["tests"]}
    papers = Papers(scope, label)
    for requirement, test in planned(scope):
        if isinstance(requirement, DirectIdentifiers | Restorable):
            yield test_of(test, papers.figure(requirement, test))
        elif test.name in made:
            yield test_of(test, Figure(made[test.name]["measured"], str(made[test.name]["detail"])))
        else:
            yield test_of(test, Figure(None, "not measured when the release was made; only a new run can"))


def as_published(label: Mapping[str, Any]) -> dict[str, Any]:
    """What a label said when the parts were written: its ``label``, ``limits``, ``condition``, and each field's ``fields``."""
    said = {key: label.get(key) for key in _WRITTEN}
    fields: dict[str, Any] = {}
    for amendment in reversed(label.get("amendments") or []):
        said.update({key: amendment[key] for key in _WRITTEN if key in amendment})
        fields.update(amendment["fields"])
    return {**said, "fields": fields}
