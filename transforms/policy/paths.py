"""Paths in a policy: relative ones mean the policy's own folder, and are made absolute when it is read."""

import os
import posixpath
from collections.abc import Callable
from typing import Any

from beam_deid.transforms.storage.paths import absolute, is_local, options_of, parent, shown, with_options

_FILE = "file:"

NO_REGISTER = "none"
"""What a policy writes in place of its register's folder to go without one."""


def folder_of(path: str) -> str:
    """The folder that a policy's relative paths start from."""
    return parent(absolute(path))


def anchored(raw: dict[str, Any], folder: str) -> dict[str, Any]:
    """The raw policy with every path absolute: attackers' tables, those of frequencies, hierarchy files, key files, the keyring."""

    def anchor(path: str) -> str:
        if not path:
            return path
        if not is_local(path) or "://" in path or path.startswith("~") or os.path.isabs(path):
            return absolute(path)
        return os.path.normpath(os.path.join(folder, path)) if is_local(folder) else _beside(folder, path)

    return with_paths(raw, anchor)


def _beside(folder: str, path: str) -> str:
    """A relative path in a policy that is in a store."""
    scheme, _, place = shown(folder).partition("://")
    return with_options(f"{scheme}://{posixpath.normpath(posixpath.join(place, path))}", options_of(folder))


def with_paths(
    raw: dict[str, Any], change: Callable[[str], str], change_key: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """The raw policy with each of its paths changed. What has not the shape of a policy is left as it is.

    Args:
        raw: The policy.
        change: Changes a path.
        change_key: Changes the path of a key file or a keyring; as all others if not given.
    """
    private = change_key or change

    def reference(text: str) -> str:
        place = text.removeprefix(_FILE)
        return text if place == text or place.startswith("~") else _FILE + private(place)

    def hierarchy(name: str) -> str:
        return change(name) if is_hierarchy_file(name) else name

    def action(options: Any) -> Any:
        return _at(_at(options, "hierarchy", str, hierarchy), "key", str, reference)

    def closeness(value: Any) -> Any:
        return _at(value, "hierarchy", str, hierarchy)

    def attacker(value: Any) -> Any:
        return _at(_at(value, "table", str, change), "release", str, change)

    def release(value: Any) -> Any:
        value = _at(value, "attackers", dict, lambda all_: _each(all_, attacker))
        value = _at(value, "key", str, reference)
        value = _at(
            value,
            "frequencies",
            dict,
            lambda all_: _each(all_, lambda one: change(one) if isinstance(one, str) else one),
        )
        value = _at(value, "require", dict, lambda all_: _at(all_, "t", dict, lambda those: _each(those, closeness)))
        return _at(value, "fields", dict, lambda all_: _each(all_, lambda one: _each(one, action)))

    def folder(path: str) -> str:
        return path if path == NO_REGISTER else change(path)

    raw = _at(raw, "register", str, folder)
    raw = _at(raw, "register", dict, lambda place: _at(_at(place, "path", str, folder), "key", str, reference))
    raw = _at(raw, "keys", dict, lambda places: _at(_at(places, "key", str, reference), "keyring", str, private))
    changed: dict[str, Any] = _at(raw, "releases", dict, lambda all_: _each(all_, release))
    return changed


def is_hierarchy_file(name: str) -> bool:
    """Whether a hierarchy is named by its file, not one that the package brings along."""
    return "/" in name or "." in name


def _at(value: Any, key: str, kind: type, change: Callable[[Any], Any]) -> Any:
    """The mapping with one entry changed, if it has the entry and that is of this kind."""
    if isinstance(value, dict) and isinstance(value.get(key), kind):
        return {**value, key: change(value[key])}
    return value


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return {key: change(one) for key, one in value.items()} if isinstance(value, dict) else value
