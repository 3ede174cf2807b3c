"""How many examples a property is tried with: few in the quick suite, many in the thorough one.

No test says a number of examples. It says how much it deserves beside others, and the profile of hypothesis that the
suite runs under says how much that is: ``pytest`` takes ``quick``, and ``pytest --hypothesis-profile thorough`` the other.
"""

from typing import Any

from hypothesis import settings

QUICK = "quick"
THOROUGH = "thorough"
_FEWEST = 4
"""Fewer examples than this find nothing but the simplest ones."""


def register_profiles() -> None:
    """Make both profiles known to hypothesis, and take the quick one until an option says otherwise.

    Neither has a deadline, for a machine that runs tests in parallel is no clock. The quick one draws the same examples in
    every run, so that it fails for what was changed and for nothing else.
    """
    settings.register_profile(QUICK, max_examples=10, deadline=None, derandomize=True)
    settings.register_profile(THOROUGH, max_examples=100, deadline=None)
    settings.load_profile(QUICK)


def examples(weight: float = 1, **more: Any) -> settings:
    """The settings of a property.

    Args:
        weight: Its share of examples: 1 is what a property has that says nothing, 0.5 is half as many.
        more: Other settings of hypothesis.

    Returns:
        A decorator for a test.
    """
    return settings(max_examples=max(_FEWEST, round(weight * settings().max_examples)), **more)
