"""The names of the user's own in a policy: what its author made up, and no word of the policy's language."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.policy.model_paths import valid_names
from beam_deid.transforms.policy.yaml_nodes import Path

_TEXTS = (
    "dataset",
    "subject",
    "record",
    "purpose",
    "recipient",
    "domain",
    "by",
    "knows",
    "fields",
    "optional",
    "ignore",
)
"""Where a text, or each of a list, is a name or is free."""


def own_names(raw: dict[str, Any]) -> set[str]:
    """All names in a policy as it was read, right or wrong."""
    return set(_names(raw, ()))


def _names(value: Any, path: Path) -> Iterator[str]:
    if isinstance(value, dict):
        known = valid_names(path)
        yield from (name for name in value if isinstance(name, str) and name not in known)
        for name, inner in value.items():
            yield from _names(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _names(inner, (*path, number))
    elif isinstance(value, str) and (" " in value or _is_named(path)):
        yield value


def _is_named(path: Path) -> bool:
    last = path[-2:] if path and isinstance(path[-1], int) else path[-1:]
    return bool(last) and last[0] in _TEXTS
