"""Under what condition a label holds that is `anonymized`."""

from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName

CONDITION = "only if this is the only release of these records"
"""Where nobody keeps a register of what was given out before."""

REGISTERED = "as far as its register knows what else was given out of these records"
"""Where somebody does."""

NOT_JOINED = "windows of this collection were not joined"
"""The further condition of what was released window by window."""
OVERLAP = f"{NOT_JOINED}, and a record is in several of them"
"""The same, where windows overlap."""

_AND = "; "


def condition_of(label: LabelName, scope: Scope) -> str:
    """Under what condition a label holds; empty where it is `still_personal`."""
    if label is not LabelName.ANONYMIZED:
        return ""
    return REGISTERED if scope.register == "" else CONDITION


def with_further(condition: str, further: str) -> str:
    """A condition with a further one, either of which may be empty."""
    return _AND.join(filter(None, (condition, further)))


def conditions_of(label: LabelName, scope: Scope, is_alone: bool) -> tuple[str, ...]:
    """The conditions that a label may name.

    Args:
        label: The label.
        scope: What it is about.
        is_alone: Whether no run published it, so that it may be one window's.
    """
    own = condition_of(label, scope)
    return (own, with_further(own, NOT_JOINED), with_further(own, OVERLAP)) if is_alone else (own,)
