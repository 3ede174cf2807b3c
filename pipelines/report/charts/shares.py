"""Shares, as they are written, and where the scales of charts end that show them."""

from collections.abc import Iterable

from beam_deid.pipelines.report.blocks import Verbatim

_ENDS = (0.05, 0.1, 0.25, 0.5, 1.0)


def percent(share: float) -> Verbatim:
    """A share of one, in per cent, with three digits that count: what is small does not become nothing."""
    return Verbatim(f"{share * 100:.3g}%")


def scale_of(shares: Iterable[float]) -> float:
    """Where a scale of shares ends: at a round share that none of them is beyond."""
    largest = max(shares, default=0.0)
    return next((end for end in _ENDS if largest <= end), 1.0)
