"""A label decided again from its own evidence, after keys were destroyed. Evidence never upgrades."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from beam_deid.transforms.label.condition import condition_of
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.evidence import FieldFacts, Test
from beam_deid.transforms.label.ground import ground_after
from beam_deid.transforms.label.read_scope import read_scope
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.direct_identifiers import DirectIdentifiers
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement
from beam_deid.transforms.label.requirements.restorable import Restorable
from beam_deid.transforms.label.rule import name_of, test_of
from beam_deid.transforms.label.scope import Scope, links
from beam_deid.transforms.label.stating import stated_again
from beam_deid.transforms.label.told_release import ToldRelease
from beam_deid.transforms.terms import LabelName, Recoverability

_WRITTEN = ("label", "limits", "condition")
"""What stands in the parts, too, and may change with a decision made again."""

_BY_FIELDS = (DirectIdentifiers, Restorable)
"""Requirements whose figures follow from how fields are given out; those of all others were measured."""


@dataclass(frozen=True)
class Amendment:
    """What a label was before it was decided again.

    Attributes:
        at: When it was decided again.
        decided_at: When it was decided before.
        label: The label that it was.
        limits: The limits that it had.
        condition: The condition that it held under.
        destroyed: Ids of the keys that were destroyed, ascending.
        fields: The recoverability that each changed field had.
    """

    at: str
    decided_at: str
    label: str
    limits: Mapping[str, float]
    condition: str
    destroyed: tuple[int, ...]
    fields: Mapping[str, str]


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
    scope = read_scope(label)
    gone = {name: facts for name, facts in scope.fields.items() if _is_gone(facts, keyring, destroyed)}
    if not gone:
        return None
    scope = _with_destroyed(scope, gone)
    tests = tuple(_tests(scope, label))
    after = name_of(tests) if label["label"] == LabelName.ANONYMIZED else LabelName.STILL_PERSONAL
    amended = {
        **label,
        "label": str(after),
        "condition": condition_of(after, scope),
        "tests": plain(tests),
        "limits": {test.name: test.limit for test in tests},
        "fields": plain(scope.fields),
        "asked": scope.to_document(),
        "decided_at": now,
        "amendments": [*label.get("amendments", ()), plain(_amendment(label, gone, now))],
    }
    if "for_recipient" in label:
        release = ToldRelease.from_document(scope, amended)
        amended["for_recipient"] = plain(stated_again(release, tests, label["for_recipient"]))
    ground = ground_after(after, label.get("ground"))
    return {key: amended[key] for key in (*label, "amendments") if key in amended and (key, ground) != ("ground", None)}


def _is_gone(facts: FieldFacts, keyring: str, destroyed: Mapping[int, str]) -> bool:
    """Whether a field was made with a key that is destroyed, and the label does not know it."""
    if facts.key is None or facts.recoverability != Recoverability.KEYED:
        return False
    return facts.key.keyring == keyring and facts.key.id in destroyed


def _with_destroyed(scope: Scope, gone: Mapping[str, FieldFacts]) -> Scope:
    """The scope once these fields have no key."""
    changed = {name: replace(facts, recoverability=str(Recoverability.KEY_DESTROYED)) for name, facts in gone.items()}
    fields = {**scope.fields, **changed}
    return replace(scope, fields=fields, linked=links(fields))


def _amendment(label: Mapping[str, Any], gone: Mapping[str, FieldFacts], now: str) -> Amendment:
    return Amendment(
        at=now,
        decided_at=label["decided_at"],
        label=label["label"],
        limits=label["limits"],
        condition=label["condition"],
        destroyed=tuple(sorted({facts.key.id for facts in gone.values() if facts.key})),
        fields={name: facts.recoverability for name, facts in gone.items()},
    )


def _tests(scope: Scope, label: Mapping[str, Any]) -> Iterator[Test]:
    """Every test of the scope, by how fields are given out now and what was measured then; what was not does not hold."""
    made = {str(test["name"]): test for test in label["tests"]}
    release = ToldRelease.from_document(scope, label)
    for requirement, test in planned(scope):
        yield test_of(test, _figure(release, requirement, test, made))


def _figure(
    release: ToldRelease, requirement: Requirement, test: Planned, made: Mapping[str, Mapping[str, Any]]
) -> Figure:
    if isinstance(requirement, _BY_FIELDS):
        return release.figure(requirement, test)
    if test.name in made:
        return Figure(made[test.name]["measured"], str(made[test.name]["detail"]))
    return Figure(None, "not measured when the release was made; only a new run can")


def as_published(label: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what amendments changed of what stands in the parts as well.

    Args:
        label: The content of ``label.json``.

    Returns:
        The same content with ``label``, ``limits``, ``condition`` and each field's ``recoverability`` as they were when the parts
        were written.

    Raises:
        AttributeError, KeyError, TypeError: The label has another shape.
    """
    published = dict(label)
    fields = {name: dict(facts) for name, facts in label["fields"].items()}
    for amendment in reversed(label.get("amendments") or []):
        published |= {key: amendment[key] for key in _WRITTEN if key in amendment}
        for name, recoverability in amendment["fields"].items():
            if name in fields:
                fields[name]["recoverability"] = recoverability
    return {**published, "fields": fields}
