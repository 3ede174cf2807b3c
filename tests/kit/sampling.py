"""Families of tests of which the quick suite runs a few and the thorough one all."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

OTHERS = "more of a kind that the quick suite has examples of"


def quick_for(values: Iterable[Any], few: int) -> list[Any]:
    """Parameters of which ``few`` are quick, spread evenly over all of them, and the others slow.

    Args:
        values: The parameters, in an order in which neighbours are alike.
        few: How many of them the quick suite runs.
    """
    listed = list(values)
    step = max(1.0, len(listed) / few)
    quick = {int(number * step) for number in range(min(few, len(listed)))}
    return [one if at in quick else _slow(one) for at, one in enumerate(listed)]


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
    mark = pytest.mark.slow(OTHERS)
    if isinstance(one, type(pytest.param())):
        return pytest.param(*one.values, id=one.id, marks=[*one.marks, mark])
    return pytest.param(*one, marks=mark) if type(one) is tuple else pytest.param(one, marks=mark)
