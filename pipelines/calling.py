"""Who called a command, and how, for ``run.json``."""

import hashlib
from collections.abc import Sequence
from typing import Any

import click

from beam_deid.transforms.storage.paths import absolute, shown
from beam_deid.transforms.who import Operator

_DASHES = "--"
_HIDDEN = "…"


def about_call(context: click.Context, policy: str, text: bytes, operator: Operator) -> dict[str, Any]:
    """Say who called a command that carries out a policy, and how.

    Args:
        context: The command's; its ``obj`` is the words of the command line.
        policy: The file of the policy.
        text: Its bytes, as they were read.
        operator: Who answers for it.

    Returns:
        ``operator``, ``command`` and ``policy``, as ``run.json`` holds them.
    """
    return {
        "operator": operator._asdict(),
        "command": told(context.obj or ()),
        "policy": {"path": shown(absolute(policy)), "sha256": hashlib.sha256(text).hexdigest()},
    }


def told(arguments: Sequence[str]) -> list[str]:
    """Tell a command line without what may be secret: options of addresses, and what those of engines are.

    Args:
        arguments: Its words, behind the program's name.
    """
    own = list(arguments[: arguments.index(_DASHES)] if _DASHES in arguments else arguments)
    behind = arguments[len(own) :]
    return [_shown(word) for word in own] + [_name(word) for word in behind]


def _shown(word: str) -> str:
    option, equals, value = word.partition("=")
    if equals and option.startswith(_DASHES):
        return f"{option}={_shown(value)}"
    return shown(word) if "://" in word else word


def _name(word: str) -> str:
    """The name of an option of an engine; what it is may be a password."""
    if word == _DASHES:
        return word
    name, equals, _ = word.partition("=")
    if not name.startswith("-"):
        return _HIDDEN
    return f"{name}={_HIDDEN}" if equals else name
