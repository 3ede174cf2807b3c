"""Figures rounded so that they are the same in every run over the same records.

Sums run over classes and values in the order of their fingerprints, and every run has a key of its own. What a sum of
floating-point numbers comes to depends on its order in the last digits, so that these are not told.
"""

from typing import Any

_DIGITS = 10
"""Sums are good to about 15; one of 100,000 figures is so near the edge of a tenth digit that it may still change there."""


def steady(found: Any) -> Any:
    """Plain values for JSON, with every floating-point number among them to ten digits."""
    if isinstance(found, float):
        return float(f"{found:.{_DIGITS}g}")
    if isinstance(found, dict):
        return {name: steady(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return type(found)(map(steady, found))
    return found
