"""Write chosen levels into a policy's text; everything else, comments included, stays as it is."""

import json
import re
from collections.abc import Mapping

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.model import Policy

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


def settled(text: str, release: str, levels: Mapping[str, str], k: int | None = None) -> str:
    """The text of a policy with the levels of a release's fields fixed.

    Args:
        text: A policy that was read without a problem.
        release: The release.
        levels: Name of the level, by field; each must be generalized.
        k: The k to require, or None to leave that as it is.

    Raises:
        PolicyError: A part of the policy is written once and used in several places.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    own = _at(_at(root, "releases"), release)
    edits: dict[int, tuple[int, str]] = {}
    for field, level in levels.items():
        _edit(edits, _level(_at(_at(_at(own, "fields"), field), "generalize"), _scalar(level)), field)
    if k is not None:
        _edit(edits, _k(own, k), "require")
    for start in sorted(edits, reverse=True):
        end, new = edits[start]
        text = text[:start] + new + text[end:]
    return text


def settled_policy(policy: Policy, release: str, levels: Mapping[str, str], k: int | None = None) -> Policy:
    """A policy with the levels of a release's fields fixed, and with its k: what `settled` must come to."""
    spec = policy.releases[release]
    fields = dict(spec.fields)
    for field, level in levels.items():
        action = fields[field]
        assert isinstance(action, Levelled)  # noqa: S101 - only these have levels
        fields[field] = action.fixed_at(level)
    require = spec.require if k is None else spec.require.model_copy(update={"k": k})
    spec = spec.model_copy(update={"fields": fields, "require": require})
    return policy.model_copy(update={"releases": {**policy.releases, release: spec}})


def _edit(edits: dict[int, tuple[int, str]], edit: tuple[int, int, str], what: str) -> None:
    start, end, new = edit
    if edits.setdefault(start, (end, new)) != (end, new):
        raise PolicyError(
            "this is written once and used in several places", what, "Write it out where it is used, then choose"
        )


def _level(node: Node, level: str) -> tuple[int, int, str]:
    for key, value in _pairs(node):
        listed = isinstance(value, SequenceNode) and any(isinstance(one, SequenceNode) for one in value.value)
        if key.value == "level":
            return _instead(value, level)
        if key.value == "levels" and not listed:  # lists of cut points make levels, names only limit them
            return key.start_mark.index, _end(value), f"level: {level}"
    return _first(node, f"level: {level}")


def _k(release: Node, k: int) -> tuple[int, int, str]:
    for key, value in _pairs(release):
        if key.value == "require":
            if not isinstance(value, MappingNode) or not value.value:
                return _instead(value, f"{{k: {k}}}")
            for inner, number in _pairs(value):
                if inner.value == "k":
                    return _instead(number, str(k))
            return _first(value, f"k: {k}")
    return _first(release, f"require: {{k: {k}}}")


def _instead(node: Node, text: str) -> tuple[int, int, str]:
    """A text in place of a value; an empty value begins right behind its colon."""
    start = node.start_mark.index
    end = _end(node)
    return start, end, text if end > start else f" {text}"


def _end(node: Node) -> int:
    """Where a value ends; what PyYAML calls the end of a block is the beginning of what follows it."""
    inner = [part for pair in _pairs(node) for part in pair] if isinstance(node, MappingNode) else node.value
    block = isinstance(node, MappingNode | SequenceNode) and not node.flow_style and inner
    return _end(inner[-1]) if block else int(node.end_mark.index)


def _first(node: Node, entry: str) -> tuple[int, int, str]:
    """An entry put before the others of a mapping."""
    mark = _pairs(node)[0][0].start_mark
    between = ", " if isinstance(node, MappingNode) and node.flow_style else "\n" + " " * mark.column
    return mark.index, mark.index, entry + between


def _at(node: Node | None, key: str) -> Node:
    return next(value for one, value in _pairs(node) if one.value == key)


def _pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    return node.value if isinstance(node, MappingNode) else []


def _scalar(text: str) -> str:
    return text if _BARE.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)
