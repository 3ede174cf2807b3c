"""Under what condition a label holds that is `anonymized`."""

from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName

CONDITION = "only if this is the only release of these records"
"""Where nobody keeps a register of what was given out before."""

REGISTERED = "as far as its register knows what else was given out of these records"
"""Where somebody does."""

NOT_JOINED = "windows of this collection were not joined"
"""The further condition of what was released window by window, without a register."""
JOINED = (
    "windows of this collection were joined through its register, each with the anonymized ones that it knew before"
)
"""The same with one. What is still personal is tested with nothing: whoever has it has personal information anyway."""

_AND = "; "
_OVERLAP = ", and a record is in several of them"
"""What is added where windows overlap."""


def condition_of(label: LabelName, scope: Scope) -> str:
    """Under what condition a label holds; empty where it is `still_personal`."""
    if label is not LabelName.ANONYMIZED:
        return ""
    return REGISTERED if scope.register == "" else CONDITION


def with_further(condition: str, further: str) -> str:
    """A condition with a further one, either of which may be empty."""
    return _AND.join(filter(None, (condition, further)))


def of_windows(registered: bool, overlap: bool) -> str:
    """The further condition of what is released window by window.

    Args:
        registered: Whether a register knows what was released of the windows before.
        overlap: Whether windows overlap.
    """
    return (JOINED if registered else NOT_JOINED) + (_OVERLAP if overlap else "")


def conditions_of(label: LabelName, scope: Scope, is_window: bool) -> tuple[str, ...]:
    """The conditions that a label may name.

    Args:
        label: The label.
        scope: What it is about.
        is_window: Whether it is about one window of a collection.
    """
    own = condition_of(label, scope)
    if not is_window:
        return (own,)
    joined = (False, True) if scope.register == "" else (False,)
    of_one_window = [of_windows(registered, overlap) for registered in joined for overlap in (False, True)]
    return tuple(with_further(own, further) for further in of_one_window)
