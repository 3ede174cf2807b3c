"""How near each other two values of a field may be."""

from typing import Any

from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.nearest import bare


def distance_problem(draft: Draft, field: str, distance: Any) -> str | None:
    """Why values of a field cannot be near each other so; None if they can, or where only the data will tell."""
    spec = draft.fields.get(field)
    kind = None if spec is None else spec.kind or next((a.wants for _, a in draft.actions_on(field) if a.wants), None)
    if kind is None:
        return None
    if not (kind.is_time or kind.is_number):
        return f"{bare(field)} is of kind {kind}; only numbers, dates and times can be near each other"
    if isinstance(distance, str) is not kind.is_time:
        needed = "2d, 12h or so" if kind.is_time else "a number without a unit"
        return f"{bare(field)} is of kind {kind}; write {needed}"
    return None
