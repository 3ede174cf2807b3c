"""How many examples a property is tried with: few in the quick suite, many in the thorough one.

No test says a number of examples. It says how much it deserves beside others, and the profile of hypothesis that the
suite runs under says how much that is: ``pytest`` takes ``quick``, and ``pytest --hypothesis-profile thorough`` the other.
"""

import random
from collections.abc import Iterable
from typing import Any, TypeVar

from hypothesis import settings

T = TypeVar("T")

QUICK = "quick"
THOROUGH = "thorough"
_QUICKLY = 10
_THOROUGHLY = 30
_FEWEST = 4
"""Fewer examples than this find nothing but the simplest ones."""


def register_profiles() -> None:
    """Make both profiles known to hypothesis, and take the quick one until an option says otherwise.

    Neither has a deadline, for a machine that runs tests in parallel is no clock. The quick one draws the same examples in
    every run, so that it fails for what was changed and for nothing else.
    """
    settings.register_profile(QUICK, max_examples=_QUICKLY, deadline=None, derandomize=True)
    settings.register_profile(THOROUGH, max_examples=_THOROUGHLY, deadline=None)
    settings.load_profile(QUICK)


def is_quick() -> bool:
    """Whether this is the quick suite."""
    return settings().max_examples < _THOROUGHLY


def examples(weight: float = 1, **more: Any) -> settings:
    """The settings of a property.

    Args:
        weight: Its share of examples: 1 is what a property has that says nothing, 0.5 is half as many.
        more: Other settings of hypothesis.

    Returns:
        A decorator for a test.
    """
    return settings(max_examples=max(_FEWEST, round(weight * settings().max_examples)), **more)


def some_of(values: Iterable[T]) -> list[T]:
    """The values that a test goes through one by one: all in the thorough suite, and in the quick one a tenth, always the same."""
    listed = list(values)
    share = 0.1 if is_quick() else 1
    return random.Random(len(listed)).sample(listed, max(1, round(share * len(listed))))
