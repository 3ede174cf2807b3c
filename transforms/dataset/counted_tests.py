"""The tests of a dataset as it is: over the columns that were counted, while all others are named as not counted."""

from collections.abc import Sequence
from dataclasses import replace

from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.dataset.seen import DatasetSeen
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement
from beam_deid.transforms.label.rule import figure_of, test_of

_OVER_GROUPS = range(3, 7)
"""The lines of the label rule whose figures are those of groups of records."""


def not_counted(question: Question, fields: Sequence[str]) -> tuple[str, ...]:
    """The columns of a dataset by which no record was grouped, in their order."""
    return tuple(name for name in fields if name not in question.counted)


def tests_of_counted(question: Question, seen: DatasetSeen) -> tuple[Test, ...]:
    """Every test, in the order of the lines; its detail names the columns that it would look at and that were not counted."""
    return tuple(_test(question, requirement, test, seen) for requirement, test in planned(seen.scope))


def _test(question: Question, requirement: Requirement, test: Planned, seen: DatasetSeen) -> Test:
    if test.line not in _OVER_GROUPS:
        return test_of(test, figure_of(requirement, test, seen))
    # The measures of risk know the classes of the quasi-identifiers alone; groups are made of whatever was counted.
    counted = question.counted if requirement.by_group else question.quasi
    left_out = [name for name in test.columns if name not in counted]
    narrowed = replace(test, columns=tuple(name for name in test.columns if name in counted))
    return test_of(narrowed, _with_left_out(figure_of(requirement, narrowed, seen), left_out))


def _with_left_out(figure: Figure, names: Sequence[str]) -> Figure:
    if not names or figure.measured is None:
        return figure
    said = f"not counted, since they are no quasi-identifiers here: {', '.join(names)}"
    return figure._replace(detail=f"{figure.detail}; {said}")
