"""Figures rounded so that they are the same in every run over the same records.

Sums run over classes and values in the order of their fingerprints, and every run has a key of its own. What a sum of
floating-point numbers comes to depends on its order in the last digits, so that these are not told.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

_NOTHING = 1e-12
"""What differences of sums may come to that are equal; no figure that is told is so near to nothing."""

_DIGITS = 10
"""Sums are good to about 15; one of 100,000 figures is so near the edge of a tenth digit that it may still change there."""


def steady(found: T) -> T:
    """Round every floating-point number of a value to ten digits; what is next to nothing is 0.

    Args:
        found: A number, text, None, or a dictionary, list, tuple or frozen dataclass of such.

    Returns:
        A value of the same shape.
    """
    return _rounded(found)  # type: ignore[no-any-return]


def _rounded(found: Any) -> Any:
    if isinstance(found, float):
        if abs(found) < _NOTHING:
            return 0.0
        return float(f"{found:.{_DIGITS}g}")
    if is_dataclass(found) and not isinstance(found, type):
        return replace(found, **{one.name: _rounded(getattr(found, one.name)) for one in fields(found)})
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return type(found)(map(_rounded, found))
    return found
