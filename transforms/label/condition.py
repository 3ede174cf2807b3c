"""Under what condition a label holds that is `anonymized`."""

from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import LabelName

CONDITION = "only if this is the only release of these records"
"""Where nobody keeps a register of what was given out before."""

REGISTERED = "as far as its register knows what else was given out of these records"
"""Where somebody does."""


def condition_of(label: LabelName, scope: Scope) -> str:
    """Under what condition a label holds; empty where it is `still_personal`."""
    if label is not LabelName.ANONYMIZED:
        return ""
    return REGISTERED if scope.register == "" else CONDITION
