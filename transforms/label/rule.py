"""The label rule: nine lines, of which the requirements are the tests. `anonymized` only if every test holds on what is released.

Whatever is unknown or was not measured does not hold. A test is decided in one place (`test_of`), from its figure and its limit,
so that `verify` and ``label --again`` decide again by the same words.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from beam_deid.transforms.label.evidence import Label, Test
from beam_deid.transforms.label.papers import condition_of, disagreements
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Seen, holds
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName

ORDER = 9
"""The line that holds once all others do."""


def test_of(test: Planned, figure: Figure) -> Test:
    """A test with what was measured."""
    passed = holds(figure.measured, test.limit, test.compare)
    return Test(test.line, test.name, passed, figure.measured, test.limit, figure.detail)


def tests_of(seen: Seen) -> tuple[Test, ...]:
    """Every test of a release, in the order of the lines."""
    return tuple(test_of(test, requirement.figure(test, seen)) for requirement, test in planned(seen.scope))


def once_ordered(seen: Seen, tests: tuple[Test, ...]) -> tuple[Test, ...]:
    """The same tests of a release whose rows are shuffled, which they are where every other line holds."""
    asked = {test.name: (requirement, test) for requirement, test in planned(seen.scope) if test.line == ORDER}
    made = {name: test_of(test, requirement.figure(test, seen)) for name, (requirement, test) in asked.items()}
    return tuple(made.get(test.name, test) for test in tests)


def name_of(tests: Iterable[Test]) -> LabelName:
    """The label that follows from all tests."""
    return LabelName.ANONYMIZED if all(test.passed for test in tests) else LabelName.STILL_PERSONAL


def decide(seen: Seen, tests: tuple[Test, ...], **evidence: Any) -> Label:
    """Decide the label of a release from all nine lines.

    Args:
        seen: The release.
        tests: All its tests, as `tests_of` makes them.
        **evidence: What else `Label` holds: ``search``, ``changes``, ``identities`` …
    """
    scope = seen.scope
    found = seen.found
    name = name_of(tests)
    return Label(
        label=name,
        sensitive=bool(scope.sensitive),
        grade=grade(scope, tests),
        tests=tests,
        condition=condition_of(name, scope),
        environment=dict(scope.environment),
        attackers={
            one: {"known": list(attacker.known), "table": attacker.table} for one, attacker in scope.attackers.items()
        },
        limits={test.name: test.limit for test in tests},
        risk=dict(seen.risk),
        attacks=found.attacks,
        scan=tuple({"field": field, "kind": kind, "hits": hits} for field, kind, hits in found.hits),
        fields=dict(scope.fields),
        asked=scope.to_json(),
        history=tuple(map(dict, found.history or ())),
        recoveries=found.recoveries,
        **evidence,
    )


def contradictions(label: Mapping[str, Any]) -> list[str]:
    """What in a label does not follow from its own evidence, a sentence each; empty if all does.

    The tests that its scope demands must be there with limits no laxer than the scope's, each must be decided by its figure and
    its limit, and the label by the tests.
    """
    try:
        scope = Scope.from_label(label)
        wanted = {test.name: test for _, test in planned(scope)}
        given = {str(test["name"]): test for test in label["tests"]}
        twice = [name for name, count in Counter(str(test["name"]) for test in label["tests"]).items() if count > 1]
    except (AttributeError, KeyError, TypeError, ValueError):
        return ["the label does not say what it is about, so nothing can be decided again"]
    problems = [f"the test {name} is missing" for name in wanted if name not in given]
    problems += [f"the test {name} stands there more than once" for name in twice]
    for name, test in given.items():
        if name not in wanted:
            problems.append(f"the test {name} is none that this release has")
            continue
        problems += _contradiction(wanted[name], test)
    decided = all(test.get("passed") is True for test in given.values()) and bool(given)
    if (label.get("label") == LabelName.ANONYMIZED) != decided:
        problems.append("the label does not follow from its tests")
    try:
        tests = tuple(Test(**test) for test in label["tests"])
        if label["grade"] != grade(scope, tests) and not label.get("amendments"):
            problems.append("the grade does not follow from the tests")
        return [*problems, *disagreements(scope, label)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return [*problems, "the label lacks evidence that its tests rest on"]


def _contradiction(wanted: Planned, test: Mapping[str, Any]) -> list[str]:
    measured = test.get("measured")
    limit = test.get("limit")
    problems = []
    if limit != wanted.limit:
        problems.append(f"the test {wanted.name} has the limit {limit}, and {wanted.limit:g} is the one that holds")
    figure = measured if isinstance(measured, int | float) and not isinstance(measured, bool) else None
    if holds(figure, wanted.limit, wanted.compare) != test.get("passed"):
        problems.append(f"the test {wanted.name} does not follow from what was measured")
    if test.get("line") != wanted.line:
        problems.append(f"the test {wanted.name} stands on another line")
    return problems


def grade(scope: Scope, tests: tuple[Test, ...]) -> int:
    """The grade after GB/T 42460-2023, 1 to 4, as a reference value: higher is less identifiable.

    1: a direct identifier is released; 2: quasi-identifiers, risk above the limit; 3: risk within it; 4: neither
    direct nor quasi-identifiers.
    """
    if not all(test.passed for test in tests if test.line == 1):
        return 1
    if not scope.rest and all(test.measured is not None for test in tests if test.name == "k"):
        return 4
    return 3 if all(test.passed for test in tests if test.line in (3, 6)) else 2
