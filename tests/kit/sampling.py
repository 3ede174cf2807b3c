"""Families of tests of which the quick suite runs a few, the thorough one many or all, and the exhaustive one all."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

OTHERS = "more of a kind that the quick suite has examples of"


def sampled(values: Iterable[Any], every: int, first: int = 0) -> list[Any]:
    """Parameters of which every so many-th is tried for each change, always the same ones, and the others are exhaustive.

    Args:
        values: The parameters, in an order in which neighbours are alike.
        every: Of how many one is tried.
        first: The number of the first that is.
    """
    return [one if at % every == first else _marked(one, pytest.mark.exhaustive) for at, one in enumerate(values)]


def quick_for(values: Iterable[Any], few: int, every: int = 1) -> list[Any]:
    """Parameters of which ``few`` are quick, spread evenly over all of them, and the others slow.

    Args:
        values: The parameters, in an order in which neighbours are alike.
        few: How many of them the quick suite runs.
        every: Of how many of the others one is tried for each change; see `sampled`.
    """
    listed = list(values)
    step = max(1.0, len(listed) / few)
    quick = {int(number * step) for number in range(min(few, len(listed)))}
    slow = sampled(map(_slow, listed), every)
    return [one if at in quick else slow[at] for at, one in enumerate(listed)]


def quick_first(values: Iterable[Any], kind: Callable[[Any], Any]) -> list[Any]:
    """Parameters of which the first of each kind is quick, and the others slow.

    Args:
        values: The parameters.
        kind: Says of a parameter what kind it is.
    """
    seen = set()
    found = []
    for one in values:
        is_quick = kind(one) not in seen
        seen.add(kind(one))
        found.append(one if is_quick else _slow(one))
    return found


def _slow(one: Any) -> Any:
    return _marked(one, pytest.mark.slow(OTHERS))


def _marked(one: Any, mark: pytest.MarkDecorator) -> Any:
    if isinstance(one, type(pytest.param())):
        return pytest.param(*one.values, id=one.id, marks=[*one.marks, mark])
    return pytest.param(*one, marks=mark) if type(one) is tuple else pytest.param(one, marks=mark)
