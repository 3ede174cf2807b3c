"""Where the scales of charts end that show shares."""

from collections.abc import Iterable

_ENDS = (0.05, 0.1, 0.25, 0.5, 1.0)


def scale_of(shares: Iterable[float]) -> float:
    """Where a scale of shares ends: at a round share that none of them is beyond."""
    largest = max(shares, default=0.0)
    return next((end for end in _ENDS if largest <= end), 1.0)
