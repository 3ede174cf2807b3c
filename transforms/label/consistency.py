"""What a label says twice: figures that follow from the evidence beside the tests, and facts that follow from its scope.

Whoever changes a test alone, or what it was made from alone, is found. Whoever changes both is not: only a signature, or a
new measurement, shows that a figure is true.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.transforms.clock import is_past
from beam_deid.transforms.label.condition import conditions_of
from beam_deid.transforms.label.documents import WINDOW, plain
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.scope import EACH_RECORD, Scope, links
from beam_deid.transforms.label.sensitive_values import ListedValues, says_sensitive
from beam_deid.transforms.label.stating import disagreement
from beam_deid.transforms.label.told_release import ToldRelease
from beam_deid.transforms.terms import LabelName, Sharing

_NEAR = 1e-9
_PERSONS = range(3, 9)
"""Lines that count persons, but for what follows from the scope alone."""


def disagreements(scope: Scope, label: Mapping[str, Any]) -> Iterator[str]:
    """Find what a label says twice and not alike.

    Args:
        scope: What the label is about, read from it.
        label: The content of ``label.json``.

    Yields:
        A sentence for each disagreement.

    Raises:
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError: The label lacks evidence, or it has another shape.
    """
    release = ToldRelease.from_document(scope, label)
    measured = {str(test["name"]): test.get("measured") for test in label["tests"]}
    yield from _tests(release, measured)
    yield from _undeclared_attackers(release)
    # Of all identities the one that says the fewest persons decides both.
    if measured.get("k") is not None and not _same(measured["k"], label["risk"]["k"]):
        yield "the test k does not follow from the evidence beside it"
    wrong = (name for name, holds in _facts(scope, label).items() if not holds)
    yield from (f"what the label says of {name} does not follow from what it is about" for name in wrong)
    stated = disagreement(release, label)
    if stated:
        yield stated
    amended = label.get("amendments") or []
    if label["label"] == LabelName.ANONYMIZED and any(one["label"] != LabelName.ANONYMIZED for one in amended):
        yield "the label became anonymized after the release was made; only a new run can show that"


def _tests(release: ToldRelease, made: Mapping[str, Any]) -> Iterator[str]:
    for requirement, test in planned(release.scope):
        measured = made.get(test.name)
        if measured is None:
            continue  # it does not hold, and no evidence makes it
        if release.scope.subject is None and test.line in _PERSONS and not requirement.by_scope:
            yield f"the test {test.name} counts persons, and nobody says whom the records are about"
        elif requirement.told and not _same(measured, release.figure(requirement, test).measured):
            yield f"the test {test.name} does not follow from the evidence beside it"


def _undeclared_attackers(release: ToldRelease) -> Iterator[str]:
    declared = {f"attacker:{name}" for name in release.scope.attackers}
    for attack in release.found.attacks:
        if attack.name.startswith("attacker:") and attack.name not in declared:
            yield f"the label tells of {attack.name}, whom it does not declare"


def _facts(scope: Scope, label: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each fact that a label states follows from what it is about."""
    return {
        "sensitive": label["sensitive"] == says_sensitive(scope, _listed(label)),
        "sensitive columns": all(facts.counts_as_sensitive for facts in scope.fields.values()),
        "limits": label["limits"] == {test["name"]: test["limit"] for test in label["tests"]},
        "condition": label["condition"] in conditions_of(LabelName(label["label"]), scope, WINDOW in label),
        "environment": _environment_holds(scope, label),
        "attackers": label["attackers"] == plain(scope.attackers),
        "suppressed records": label["search"]["suppressed"] == label["records"]["suppressed"],
        "register": _register_holds(scope, label["register"]),
        "linked": scope.linked == links(scope.fields),
        "identities": _identities_hold(scope, label["identities"]),
        "subject": scope.subject in (None, EACH_RECORD) or scope.subject in scope.identities,
        "changes": _changes_hold(label),
        "group sizes": _group_sizes_hold(label["risk"]),
    }


def _listed(label: Mapping[str, Any]) -> list[ListedValues]:
    return [ListedValues.from_document(one) for one in label.get("sensitive_values") or ()]


def _environment_holds(scope: Scope, label: Mapping[str, Any]) -> bool:
    stated = DeclaredEnvironment.from_document(label["environment"])
    follows = scope.environment.risk(scope.sharing is Sharing.PUBLIC)
    if stated.lapsed != is_past(stated.valid_until, scope.assessed_at):
        return False
    return stated == scope.environment and _same(scope.environment.E, follows)


def _register_holds(scope: Scope, register: Mapping[str, Any]) -> bool:
    """Whether a register is kept as the scope says, and no release is told of that the scope does not name."""
    kept = register["kept"] == (scope.register == "") and register["missing"] == scope.register
    return kept and {*register["tested"], *register["untested"]} <= {*scope.siblings}


def _identities_hold(scope: Scope, counted: Mapping[str, Any]) -> bool:
    every = {scope.subject, *scope.identities} - {None}
    return scope.subject is None or {*counted["counted"], *counted["same_as"]} == every


def _changes_hold(label: Mapping[str, Any]) -> bool:
    """Whether changes are told of failing tests alone; those of a label that was decided again are of the time before."""
    failing = {one["name"] for one in label["tests"] if not one["passed"]}
    return {one["test"] for one in label["changes"]} <= failing or bool(label.get("amendments"))


def _group_sizes_hold(risk: Mapping[str, Any]) -> bool:
    """Whether all groups and records are in bins, and the smallest group is in the first; labels of earlier versions have none."""
    bins = risk.get("group_sizes")
    if bins is None:
        return True
    records = [one["records"] for one in bins]
    in_them = risk["records"] if not any(one is not None for one in records) else sum(records)
    counted = (sum(one["groups"] for one in bins), in_them)
    return counted == (risk["classes"], risk["records"]) and bins[0]["least"] <= risk["k"] <= bins[0]["most"]


def _same(one: Any, other: Any) -> bool:
    """Whether two figures are the same number, up to rounding; what is no number is no figure."""
    return _is_number(one) and _is_number(other) and math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
