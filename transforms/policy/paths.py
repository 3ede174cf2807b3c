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
    changed: dict[str, Any] = _Paths(change, change_key or change).policy(raw)
    return changed


class _Paths:
    """Changes the paths of a policy's parts, one method for each part."""

    def __init__(self, change: Callable[[str], str], change_key: Callable[[str], str]) -> None:
        self._change = change
        self._change_key = change_key

    def policy(self, raw: Any) -> Any:
        raw = _at(raw, "register", str, self._register_folder)
        raw = _at(raw, "register", dict, self._register)
        raw = _at(raw, "keys", dict, self._keys)
        raw = _at(raw, "recipients", dict, lambda recipients: _each(recipients, self._recipient))
        return _at(raw, "releases", dict, lambda releases: _each(releases, self._release))

    def _register_folder(self, path: str) -> str:
        return path if path == NO_REGISTER else self._change(path)

    def _register(self, place: Any) -> Any:
        return _at(_at(place, "path", str, self._register_folder), "key", str, self._reference)

    def _keys(self, places: Any) -> Any:
        return _at(_at(places, "key", str, self._reference), "keyring", str, self._change_key)

    def _recipient(self, value: Any) -> Any:
        return _at(
            value,
            "has_keys",
            list,
            lambda keys: [self._reference(one) if isinstance(one, str) else one for one in keys],
        )

    def _reference(self, text: str) -> str:
        place = text.removeprefix(_FILE)
        return text if place == text or place.startswith("~") else _FILE + self._change_key(place)

    def _release(self, value: Any) -> Any:
        value = _at(value, "attackers", dict, lambda attackers: _each(attackers, self._attacker))
        value = _at(value, "key", str, self._reference)
        value = _at(value, "frequencies", dict, lambda tables: _each(tables, self._table))
        value = _at(value, "consent", dict, lambda consent: _at(consent, "ledger", str, self._change))
        value = _at(value, "require", dict, self._require)
        return _at(value, "fields", dict, lambda fields: _each(fields, lambda action: _each(action, self._action)))

    def _attacker(self, value: Any) -> Any:
        return _at(_at(value, "table", str, self._change), "release", str, self._change)

    def _table(self, value: Any) -> Any:
        return self._change(value) if isinstance(value, str) else value

    def _require(self, value: Any) -> Any:
        return _at(value, "t", dict, lambda fields: _each(fields, self._with_hierarchy))

    def _action(self, options: Any) -> Any:
        return _at(self._with_hierarchy(options), "key", str, self._reference)

    def _with_hierarchy(self, options: Any) -> Any:
        return _at(options, "hierarchy", str, self._hierarchy)

    def _hierarchy(self, name: str) -> str:
        return self._change(name) if is_hierarchy_file(name) else name


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
