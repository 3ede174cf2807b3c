"""Options of an action that come from several files, put together in one model."""

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, create_model

from beam_deid.transforms.actions.action import Action

_Action = TypeVar("_Action", bound=Action)


def with_options(action: type[_Action], options: Iterable[type[BaseModel]]) -> type[_Action]:
    """An action that has the options of other models after its own, in the order of these.

    Args:
        action: The action, with the options that do not come from elsewhere.
        options: Models of further options. One that is named twice counts once.
    """
    # pydantic lists the fields of the last base first.
    bases: Any = (*reversed(list(dict.fromkeys(options))), action)
    return cast("type[_Action]", create_model(f"{action.__name__}WithOptions", __base__=bases))
