"""What of a published release is past: its review, the last day on which it may be kept, what was stated of a recipient."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.transforms.clock import is_past


def overdue(dates: Mapping[str, Any], at: str) -> Iterator[str]:
    """What of a published release is past, a sentence each.

    Args:
        dates: ``review_by``, ``retain_until`` and ``environment``, as its label says them; what is missing is not past.
        at: The time.
    """
    review = dates.get("review_by")
    if is_past(review, at):
        yield f"it was to be reviewed by {review}: measure it again, or withdraw it"
    retain = dates.get("retain_until")
    if is_past(retain, at):
        yield f"it may be kept until {retain} only: delete it, and have the recipient delete it"
    stated = dates.get("environment")
    until = stated.get("valid_until") if isinstance(stated, Mapping) and not stated.get("lapsed") else None
    if is_past(until, at):
        yield f"its environment was stated until {until}: a new run would count the worst (E is 1)"
