"""What in a published label does not follow from its own evidence."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.transforms.label.consistency import disagreements
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.read_scope import read_scope
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Planned, holds
from beam_deid.transforms.label.rule import grade
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName


def contradictions(label: Mapping[str, Any]) -> list[str]:
    """Find what in a label does not follow from its own evidence.

    The tests that its scope demands must be there with limits no laxer than the scope's, each must be decided by its figure and
    its limit, and the label by the tests.

    Args:
        label: The content of ``label.json``.

    Returns:
        A sentence for each contradiction; empty if all follows.
    """
    try:
        scope = read_scope(label)
        wanted = {test.name: test for _, test in planned(scope)}
        problems = [*_tests_wrong(wanted, label["tests"]), *_label_wrong(label)]
    except (AttributeError, KeyError, TypeError, ValueError):
        return ["the label does not say what it is about, so nothing can be decided again"]
    try:
        return [*problems, *_grade_wrong(scope, label), *disagreements(scope, label)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return [*problems, "the label lacks evidence that its tests rest on"]


def _tests_wrong(wanted: Mapping[str, Planned], tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with the tests of a label, which must be those that are wanted."""
    given = {str(test["name"]): test for test in tests}
    yield from (f"the test {name} is missing" for name in wanted if name not in given)
    often = Counter(str(test["name"]) for test in tests)
    yield from (f"the test {name} stands there more than once" for name, count in often.items() if count > 1)
    for name, test in given.items():
        if name in wanted:
            yield from _contradiction(wanted[name], test)
        else:
            yield f"the test {name} is none that this release has"


def _label_wrong(label: Mapping[str, Any]) -> Iterator[str]:
    tests = label["tests"]
    holds = all(test.get("passed") is True for test in tests) and bool(tests)
    if (label.get("label") == LabelName.ANONYMIZED) != holds:
        yield "the label does not follow from its tests"


def _grade_wrong(scope: Scope, label: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the grade; that of a label that was decided again is of the time before."""
    tests = tuple(Test(**test) for test in label["tests"])
    if label["grade"] != grade(scope, tests) and not label.get("amendments"):
        yield "the grade does not follow from the tests"


def _contradiction(wanted: Planned, test: Mapping[str, Any]) -> Iterator[str]:
    measured = test.get("measured")
    limit = test.get("limit")
    if limit != wanted.limit:
        yield f"the test {wanted.name} has the limit {limit}, and {wanted.limit:g} is the one that holds"
    figure = measured if isinstance(measured, int | float) and not isinstance(measured, bool) else None
    if holds(figure, wanted.limit, wanted.compare) != test.get("passed"):
        yield f"the test {wanted.name} does not follow from what was measured"
    if test.get("line") != wanted.line:
        yield f"the test {wanted.name} stands on another line"
