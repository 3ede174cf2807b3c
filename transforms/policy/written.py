"""An action as a policy writes it, with errors that name the exact option."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from beam_deid.transforms.actions import UnknownAction, action_names, parse_action
from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.policy.nearest import advice, shown


def read_action(value: Any) -> Action:
    """The action that a policy writes: ``keep``, or ``{mask: {keep_first: 1}}``.

    Raises:
        pydantic_core.PydanticCustomError: There is no such action, or the value has another shape.
        pydantic.ValidationError: The options are wrong, each error at the option.
    """
    try:
        action = parse_action(value)
    except UnknownAction as unknown:
        raise _error(_unknown(str(unknown))) from None
    except ValidationError as error:
        raise _under(_name_of(value), error) from None
    except DeidError as error:  # a file that an option names cannot be read
        raise _error(error.message) from None
    except (ValueError, TypeError):
        shape = "an action is a name, or one name with its options: {mask: {keep_first: 1}}"
        raise _error(shape) from None
    wrong = [] if isinstance(value, Action) else list(_wrong_scalars(value, action))
    if wrong:
        raise _under(action.name, ValidationError.from_exception_data(action.name, wrong))
    return action


def written(action: Action) -> dict[str, Any]:
    """The action as a policy would write it, with all its options said: ``{mask: {keep_first: 1, …}}``."""
    return {action.name: action.model_dump(mode="json", by_alias=True)}


def _unknown(name: str) -> str:
    return f"no action is called {shown(name)}; {advice(name, action_names())}"


def _error(what: str) -> PydanticCustomError:
    return PydanticCustomError("action", "{what}", {"what": what})


def _name_of(value: Any) -> str:
    return str(value if isinstance(value, str) else next(iter(value)))


def _under(name: str, error: ValidationError) -> ValidationError:
    """The same errors, each at its place in the policy: below the action's name, where the options stand."""
    return ValidationError.from_exception_data(name, [_moved(name, one) for one in error.errors(include_url=False)])


def _moved(name: str, one: ErrorDetails) -> InitErrorDetails:
    context = one.get("ctx", {})
    kind = _error(context["what"]) if one["type"] == "action" else one["type"]
    # What is no mapping of options at all is told of the action as a whole.
    whole = not one["loc"] and one["type"] != "value_error"
    return InitErrorDetails(type=kind, loc=() if whole else (name, *one["loc"]), input=one["input"], ctx=context)


def _wrong_scalars(value: Any, action: Action) -> Iterator[InitErrorDetails]:
    # pydantic would read true as 1 and "5" as 5: a policy that says one thing and does another.
    options = next(iter(value.values())) if isinstance(value, dict) else None
    read = action.model_dump(by_alias=True)
    for option, raw in (options or {}).items():
        what = _differs(raw, read.get(option))
        if what:
            yield InitErrorDetails(type=_error(what), loc=(option,), input=None)


def _differs(raw: Any, read: Any) -> str | None:
    if isinstance(raw, list) and isinstance(read, Sequence) and not isinstance(read, str):
        return next((what for what in map(_differs, raw, read) if what), None)
    if isinstance(read, bool):
        return None if isinstance(raw, bool) else "must be true or false"
    if isinstance(read, int | float) and isinstance(raw, bool | str):
        return "must be a number, without quotes"
    return None
