"""What a release does with a field: one file an action, all of them in `ACTIONS`."""

from typing import Any

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.actions.drop import Drop
from beam_deid.transforms.actions.encrypt import Encrypt
from beam_deid.transforms.actions.fpe import Fpe
from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.hash import Hash
from beam_deid.transforms.actions.keep import Keep
from beam_deid.transforms.actions.mask import Mask
from beam_deid.transforms.actions.redact import Redact
from beam_deid.transforms.actions.shift import Shift
from beam_deid.transforms.actions.surrogate import Surrogate
from beam_deid.transforms.actions.tokenize import Tokenize

ACTIONS: tuple[type[Action], ...] = (
    Keep,
    Drop,
    Mask,
    Hash,
    Tokenize,
    Fpe,
    Encrypt,
    Generalize,
    Shift,
    Surrogate,
    Redact,
)
"""All actions, in the order in which they are documented."""

_BY_NAME = {action.name: action for action in ACTIONS}
if len(_BY_NAME) != len(ACTIONS):
    raise RuntimeError("two actions share a name")


class UnknownAction(ValueError):
    """A policy names an action that does not exist."""


def action_names() -> tuple[str, ...]:
    """The names that a policy may use."""
    return tuple(_BY_NAME)


def parse_action(value: Any) -> Action:
    """The action that a policy writes: ``keep``, or ``{mask: {keep_first: 1}}``.

    Raises:
        UnknownAction: There is no action of that name.
        ValueError: The value has another shape.
        pydantic.ValidationError: The action's options are wrong.
    """
    if isinstance(value, Action):
        return value
    name, options = (value, {}) if isinstance(value, str) else _only_entry(value)
    if name not in _BY_NAME:
        raise UnknownAction(name)
    return _BY_NAME[name].read({} if options is None else options)


def _only_entry(value: Any) -> tuple[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("an action is a name, or one name with its options: {mask: {keep_first: 1}}")
    return next(iter(value.items()))
