"""What a label says twice: figures that follow from the evidence beside the tests, and facts that follow from its scope.

Whoever changes a test alone, or what it was made from alone, is found. Whoever changes both is not: only a signature, or a
new measurement, shows that a figure is true.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Figure, Found, Planned, Requirement
from beam_deid.transforms.label.scope import EACH_RECORD, Scope, links
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.terms import LabelName, Sharing

CONDITION = "only if this is the only release of these records"
"""Under what condition a label holds where nobody keeps a register of what was given out before."""

REGISTERED = "as far as its register knows what else was given out of these records"
"""Under what condition it holds where somebody does."""

_NEAR = 1e-9
_PERSONS = range(3, 9)
"""Lines that count persons."""


class Papers:
    """A release as its label tells of it: as much as the requirements need whose figures are `told`."""

    def __init__(self, scope: Scope, label: Mapping[str, Any]) -> None:
        self.scope = scope
        self.risk = label["risk"]
        self.empty = label["records"]["released"] == 0
        self.counted = scope.subject is not None
        self.found = Found(
            hits=tuple((one["field"], one["kind"], one["hits"]) for one in label["scan"]),
            recoveries=tuple(Recovery(**one) for one in label["recoveries"]),
            attacks=tuple(Attack(**{**one, "on": tuple(one["on"])}) for one in label["attacks"]),
            history=tuple(label["history"]),
        )

    def figure(self, requirement: Requirement, test: Planned) -> Figure:
        """What a requirement whose figure is `told` makes of the evidence: it looks at nothing else of a release."""
        return requirement.figure(test, self)  # type: ignore[arg-type]


def condition_of(label: LabelName, scope: Scope) -> str:
    """Under what condition a label holds; empty where it is `still_personal`."""
    if label is not LabelName.ANONYMIZED:
        return ""
    return REGISTERED if scope.register == "" else CONDITION


def disagreements(scope: Scope, label: Mapping[str, Any]) -> Iterator[str]:
    """What a label says twice and not alike, a sentence each.

    Raises:
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError: The label lacks evidence, or it has another shape.
    """
    yield from _figures(scope, label)
    yield from _facts(scope, label)
    amended = label.get("amendments") or []
    if label["label"] == LabelName.ANONYMIZED and any(one["label"] != LabelName.ANONYMIZED for one in amended):
        yield "the label became anonymized after the release was made; only a new run can show that"


def _figures(scope: Scope, label: Mapping[str, Any]) -> Iterator[str]:
    papers = Papers(scope, label)
    made = {str(test["name"]): test.get("measured") for test in label["tests"]}
    for requirement, test in planned(scope):
        measured = made.get(test.name)
        if measured is None:
            continue  # it does not hold, and no evidence makes it
        if scope.subject is None and test.line in _PERSONS:
            yield f"the test {test.name} counts persons, and nobody says whom the records are about"
        elif requirement.told and not _same(measured, papers.figure(requirement, test).measured):
            yield f"the test {test.name} does not follow from the evidence beside it"
    named = {f"attacker:{name}" for name in scope.attackers}
    for one in papers.found.attacks:
        if one.name.startswith("attacker:") and one.name not in named:
            yield f"the label tells of {one.name}, whom it does not declare"
    # Of all identities the one that says the fewest persons decides both.
    if made.get("k") is not None and not _same(made["k"], label["risk"]["k"]):
        yield "the test k does not follow from the evidence beside it"


def _facts(scope: Scope, label: Mapping[str, Any]) -> Iterator[str]:
    environment = {name: value for name, value in scope.environment.items() if name not in ("E", "population")}
    attackers = {name: {"known": list(one.known), "table": one.table} for name, one in scope.attackers.items()}
    counted = label["identities"]
    every = {scope.subject, *scope.identities} - {None}
    facts = {
        "sensitive": label["sensitive"] == bool(scope.sensitive),
        "limits": label["limits"] == {test["name"]: test["limit"] for test in label["tests"]},
        "condition": label["condition"] == condition_of(LabelName(label["label"]), scope),
        "environment": label["environment"] == scope.environment
        and _same(scope.environment["E"], environment_risk(scope.sharing is Sharing.PUBLIC, **environment)),
        "attackers": label["attackers"] == attackers,
        "suppressed records": label["search"]["suppressed"] == label["records"]["suppressed"],
        "register": label["register"]["kept"] == (scope.register == "")
        and label["register"]["missing"] == scope.register
        and {*label["register"]["tested"], *label["register"]["untested"]} <= {*scope.siblings},
        "linked": scope.linked == links(scope.fields),
        "identities": scope.subject is None or {*counted["counted"], *counted["same_as"]} == every,
        "subject": scope.subject in (None, EACH_RECORD) or scope.subject in scope.identities,
        "changes": {one["test"] for one in label["changes"]}
        <= {one["name"] for one in label["tests"] if not one["passed"]}
        or bool(label.get("amendments")),
    }
    wrong = (name for name, holds in facts.items() if not holds)
    yield from (f"what the label says of {name} does not follow from what it is about" for name in wrong)


def _same(one: Any, other: Any) -> bool:
    if (
        isinstance(one, bool)
        or isinstance(other, bool)
        or not all(isinstance(each, int | float) for each in (one, other))
    ):
        return False
    return math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)
