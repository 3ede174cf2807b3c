"""Under what condition a label holds that is `anonymized`."""

from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName

CONDITION = "only if this is the only release of these records"
"""Where nobody keeps a register of what was given out before."""

REGISTERED = "as far as its register knows what else was given out of these records"
"""Where somebody does."""

_WINDOWS = "windows of this collection were "
"""How the further condition begins of what was released window by window."""
_AND = "; "


def condition_of(label: LabelName, scope: Scope) -> str:
    """Under what condition a label holds; empty where it is `still_personal`."""
    if label is not LabelName.ANONYMIZED:
        return ""
    return REGISTERED if scope.register == "" else CONDITION


def with_further(condition: str, further: str) -> str:
    """A condition with a further one, either of which may be empty."""
    return _AND.join(filter(None, (condition, further)))


def follows(condition: str, label: LabelName, scope: Scope) -> bool:
    """Whether a condition is the one under which a label holds, be it with a further one about windows."""
    own = condition_of(label, scope)
    further = condition.removeprefix(own).removeprefix(_AND)
    return condition == own or (further.startswith(_WINDOWS) and condition == with_further(own, further))
